/**
 * Text to token ids and back, from the vocabulary in a model file, of every kind. It refuses to know of chats, streams and
 * stop strings; those stand on top of it in this folder.
 */
import type { FimRole } from './known-texts.ts';
import type { TokenizerMetadata } from './metadata.ts';
import { createSpecialTokens, trimStart, type SpecialTokens } from './special-tokens.ts';
import { tokenizerParts, type TokenizerParts } from './tokenizer-kinds.ts';
import type { TokenId } from '../tokens.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface EncodeOptions {
  /** Put BOS (of BERT, `[CLS]`) in front and EOS or the separator behind, where the model wants them. */
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
  /** `[SEP]` of BERT. */
  readonly separatorId: TokenId | undefined;
  /** The tokens of a prompt that asks for the text between two others, where the model has them. */
  readonly fimIds: ReadonlyMap<FimRole, TokenId>;
  readonly addBos: boolean;
  readonly addEos: boolean;
  readonly addSeparator: boolean;
  /** A text at the start, or after a special token, is encoded with a space in front (SentencePiece). */
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

const utf8 = new TextEncoder();

/** Throws UnsupportedTokenizer, naming what the file asks for, or GgufInvalid for a damaged vocabulary. */
export function createTokenizer(metadata: TokenizerMetadata): Tokenizer {
  const parts = tokenizerParts(metadata);
  const { vocabulary } = parts;
  const specials = createSpecialTokens(vocabulary, parts);
  const decodeBytes = (id: TokenId, { special }: Pick<DecodeOptions, 'special'>): Uint8Array =>
    bytesOf(parts, id, special);
  return {
    vocabSize: vocabulary.texts.length,
    bosId: vocabulary.bosId,
    eosId: vocabulary.eosId,
    separatorId: vocabulary.separatorId,
    fimIds: vocabulary.fimIds,
    addBos: parts.addBos && vocabulary.bosId !== undefined,
    addEos: parts.addEos && vocabulary.eosId !== undefined,
    addSeparator: parts.addSeparator && vocabulary.separatorId !== undefined,
    addSpacePrefix: parts.spacePrefix !== 'none',
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
      const prefixed = parts.spacePrefix === 'byTokenizer' && afterSpecial ? ` ${fragment.text}` : fragment.text;
      for (const id of parts.encodeText(prefixed)) ids.push(id);
      afterSpecial = false;
    }
  }
  if (options.addSpecial && parts.addEos && vocabulary.eosId !== undefined) ids.push(vocabulary.eosId);
  if (options.addSpecial && parts.addSeparator && vocabulary.separatorId !== undefined)
    ids.push(vocabulary.separatorId);
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
    const dropsSpace =
      index === 0 && parts.spacePrefix !== 'none' && options.keepLeadingSpace !== true && bytes[0] === 0x20;
    text += decoder.decode(dropsSpace ? bytes.subarray(1) : bytes, { stream: true });
  }
  text += decoder.decode();
  return options.cleanUpSpaces === true && parts.cleanUpSpaces ? cleanUpSpaces(text) : text;
}

function cleanUpSpaces(text: string): string {
  return text.replace(/ ([.?!,]|n't|'(?:m|s|ve|re))/g, '$1').replaceAll(" ' ", "'");
}
