/**
 * Text to token ids and back, from the vocabulary in a model file. Two kinds: SPM (`llama`) and byte-level BPE
 * (`gpt2`). It refuses to know of chats, streams and stop strings; those stand on top of it in this folder.
 */
import { LinnetError } from '../errors.ts';
import { fromByteCharacters } from './byte-alphabet.ts';
import type { TokenizerMetadata } from './metadata.ts';
import { preTokenizerNamed } from './pre-tokenizers.ts';
import { createSpecialTokens, trimStart, type SpecialTokens } from './special-tokens.ts';
import type { TokenId } from '../tokens.ts';
import { readVocabulary, type Vocabulary } from './vocabulary.ts';
import { createBpeEncoder, createSpmEncoder, SPM_SPACE, type WordEncoder } from './word-encoder.ts';

export interface EncodeOptions {
  /** Put BOS in front and EOS behind, where the model wants them. */
  readonly addSpecial: boolean;
  /** Read the texts of control tokens as those tokens. User-defined tokens are always read. */
  readonly parseSpecial: boolean;
  /** The token the text follows, if any: it decides on the space that SPM puts before a text, and on trimming. */
  readonly after?: TokenId | undefined;
}

export interface DecodeOptions {
  /** Show control tokens as their text; otherwise they are left out. */
  readonly special: boolean;
  /** Keep the space that SPM put before the text: right for text that follows other text. Default false. */
  readonly keepLeadingSpace?: boolean;
  /** Remove spaces before punctuation where the vocabulary's own decoder does so. Default false. */
  readonly cleanUpSpaces?: boolean;
}

export interface Tokenizer {
  readonly vocabSize: number;
  readonly bosId: TokenId | undefined;
  readonly eosId: TokenId | undefined;
  readonly addBos: boolean;
  readonly addEos: boolean;
  /** A text at the start, or after a special token, is encoded with a space in front (SPM). */
  readonly addSpacePrefix: boolean;
  isEndOfGeneration(id: TokenId): boolean;
  encode(text: string, options: EncodeOptions): TokenId[];
  decode(ids: readonly TokenId[], options: DecodeOptions): string;
  /** The bytes of one token, as in the middle of a text; they need not be whole characters. Empty for unknown ids. */
  decodeBytes(id: TokenId, options: Pick<DecodeOptions, 'special'>): Uint8Array;
  /** The token's text as the file has it, e.g. `▁the` or `Ġthe`; '' for unknown ids. */
  tokenText(id: TokenId): string;
  /** The control or user-defined token with exactly this text. */
  specialId(text: string): TokenId | undefined;
  /** True when the text of one special token lies on both sides of position `at` (UTF-16 units). */
  specialSpans(text: string, at: number): boolean;
}

/** Throws UnsupportedTokenizer, naming what the file asks for, or GgufInvalid for a damaged vocabulary. */
export function createTokenizer(metadata: TokenizerMetadata): Tokenizer {
  const model = metadata.string('tokenizer.ggml.model');
  if (model === 'llama') return createSpm(metadata);
  if (model === 'gpt2') return createBpe(metadata);
  throw new LinnetError(
    'UnsupportedTokenizer',
    `The tokenizer "${model ?? 'none'}" (tokenizer.ggml.model) is not supported; choose a model with "llama" (SPM) or "gpt2" (byte-level BPE).`,
  );
}

/** What differs between the kinds. */
interface TokenizerParts {
  readonly vocabulary: Vocabulary;
  readonly encodeText: WordEncoder;
  /** Bytes of a token that is not special. */
  readonly textBytes: (text: string, isByte: boolean) => Uint8Array;
  readonly addBos: boolean;
  readonly addEos: boolean;
  readonly addSpacePrefix: boolean;
  readonly cleanUpSpaces: boolean;
  readonly trimsAfter: (id: TokenId) => boolean;
}

const utf8 = new TextEncoder();

function createSpm(metadata: TokenizerMetadata): Tokenizer {
  const vocabulary = readVocabulary(metadata);
  return assemble({
    vocabulary,
    encodeText: createSpmEncoder(vocabulary),
    textBytes: (text, isByte) =>
      isByte ? Uint8Array.of(Number.parseInt(text.slice(3, 5), 16)) : utf8.encode(text.replaceAll(SPM_SPACE, ' ')),
    addBos: metadata.boolean('tokenizer.ggml.add_bos_token') ?? true,
    addEos: metadata.boolean('tokenizer.ggml.add_eos_token') ?? false,
    addSpacePrefix: metadata.boolean('tokenizer.ggml.add_space_prefix') ?? true,
    cleanUpSpaces: false,
    trimsAfter: phi3Trimming(metadata.string('general.name'), vocabulary),
  });
}

function createBpe(metadata: TokenizerMetadata): Tokenizer {
  const preTokenizer = preTokenizerNamed(metadata.string('tokenizer.ggml.pre'));
  const vocabulary = readVocabulary(metadata);
  const merges = metadata.strings('tokenizer.ggml.merges');
  if (merges === undefined) {
    throw new LinnetError('GgufInvalid', 'A byte-level BPE vocabulary without tokenizer.ggml.merges cannot be used.');
  }
  return assemble({
    vocabulary,
    encodeText: createBpeEncoder(vocabulary, merges, preTokenizer),
    textBytes: fromByteCharacters,
    addBos: metadata.boolean('tokenizer.ggml.add_bos_token') ?? preTokenizer.addBos ?? false,
    addEos: metadata.boolean('tokenizer.ggml.add_eos_token') ?? false,
    addSpacePrefix: metadata.boolean('tokenizer.ggml.add_space_prefix') ?? false,
    cleanUpSpaces: preTokenizer.cleanUpSpaces ?? false,
    trimsAfter: () => false,
  });
}

/** Phi-3's own tokenizer drops white space after its special tokens; GGUF has no key for that, only the name. */
function phi3Trimming(name: string | undefined, { kinds, texts }: Vocabulary): (id: TokenId) => boolean {
  if (!/phi-?3/i.test(name ?? '')) return () => false;
  const keeps = new Set(['<unk>', '<s>', '<|endoftext|>']);
  return (id) => kinds[id] !== 'normal' && !keeps.has(texts[id] ?? '');
}

function assemble(parts: TokenizerParts): Tokenizer {
  const { vocabulary } = parts;
  const specials = createSpecialTokens(vocabulary, parts.trimsAfter);
  const decodeBytes = (id: TokenId, { special }: Pick<DecodeOptions, 'special'>): Uint8Array =>
    bytesOf(parts, id, special);
  return {
    vocabSize: vocabulary.texts.length,
    bosId: vocabulary.bosId,
    eosId: vocabulary.eosId,
    addBos: parts.addBos && vocabulary.bosId !== undefined,
    addEos: parts.addEos && vocabulary.eosId !== undefined,
    addSpacePrefix: parts.addSpacePrefix,
    isEndOfGeneration: (id) => vocabulary.endIds.has(id),
    encode: (text, options) => encode(parts, specials, text, options),
    decode: (ids, options) => decode(parts, ids, options),
    decodeBytes,
    tokenText: (id) => vocabulary.texts[id] ?? '',
    specialId: (text) => {
      const id = vocabulary.idOf(text);
      return id !== undefined && isSpecial(vocabulary, id) ? id : undefined;
    },
    specialSpans: (text, at) => specials.spans(text, at),
  };
}

function isSpecial({ kinds }: Vocabulary, id: TokenId): boolean {
  const kind = kinds[id];
  return kind === 'control' || kind === 'userDefined' || kind === 'unknown';
}

function encode(parts: TokenizerParts, specials: SpecialTokens, text: string, options: EncodeOptions): TokenId[] {
  const { vocabulary } = parts;
  const ids: TokenId[] = [];
  if (options.addSpecial && parts.addBos && vocabulary.bosId !== undefined) ids.push(vocabulary.bosId);
  const { after } = options;
  let afterSpecial = after === undefined || isSpecial(vocabulary, after);
  const rest = after !== undefined && parts.trimsAfter(after) ? trimStart(text) : text;
  for (const fragment of specials.split(rest, options.parseSpecial)) {
    if (fragment.kind === 'token') {
      ids.push(fragment.id);
      afterSpecial = true;
    } else {
      const prefixed = parts.addSpacePrefix && afterSpecial ? ` ${fragment.text}` : fragment.text;
      for (const id of parts.encodeText(prefixed)) ids.push(id);
      afterSpecial = false;
    }
  }
  if (options.addSpecial && parts.addEos && vocabulary.eosId !== undefined) ids.push(vocabulary.eosId);
  return ids;
}

function bytesOf({ vocabulary, textBytes }: TokenizerParts, id: TokenId, special: boolean): Uint8Array {
  const text = vocabulary.texts[id];
  const kind = vocabulary.kinds[id];
  if (text === undefined || kind === undefined) return new Uint8Array();
  switch (kind) {
    case 'control':
    case 'unknown':
      return special ? utf8.encode(text) : new Uint8Array();
    case 'userDefined':
      return utf8.encode(text);
    case 'normal':
    case 'unused':
    case 'byte':
      return textBytes(text, kind === 'byte');
  }
}

function decode(parts: TokenizerParts, ids: readonly TokenId[], options: DecodeOptions): string {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let text = '';
  for (const [index, id] of ids.entries()) {
    const bytes = bytesOf(parts, id, options.special);
    const dropsSpace = index === 0 && parts.addSpacePrefix && options.keepLeadingSpace !== true && bytes[0] === 0x20;
    text += decoder.decode(dropsSpace ? bytes.subarray(1) : bytes, { stream: true });
  }
  text += decoder.decode();
  return options.cleanUpSpaces === true && parts.cleanUpSpaces ? cleanUpSpaces(text) : text;
}

function cleanUpSpaces(text: string): string {
  return text.replace(/ ([.?!,]|n't|'(?:m|s|ve|re)\b)/g, '$1').replaceAll(" ' ", "'");
}
