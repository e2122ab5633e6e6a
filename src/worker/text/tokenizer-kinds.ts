/**
 * The kinds of tokenizer that GGUF files ask for (`tokenizer.ggml.model`), each with what the keys of a file mean for it
 * and what holds when they are missing. It knows no special tokens in a text and no streams; the tokenizer does.
 */
import { LinnetError } from '../errors.ts';
import { fromByteCharacters } from './byte-alphabet.ts';
import { readCharsmap, type Charsmap } from './charsmap.ts';
import type { TokenizerMetadata } from './metadata.ts';
import { preTokenizerNamed } from './pre-tokenizers.ts';
import { createRwkvEncoder, unescapeRwkvToken } from './rwkv-encoder.ts';
import type { TokenId } from '../tokens.ts';
import { createUnigramEncoder } from './unigram-encoder.ts';
import { readVocabulary, type Vocabulary } from './vocabulary.ts';
import { createBpeEncoder, createSpmEncoder, SPM_SPACE, type WordEncoder } from './word-encoder.ts';
import { createWordPieceEncoder } from './word-piece-encoder.ts';

/** What differs between the kinds. */
export interface TokenizerParts {
  readonly vocabulary: Vocabulary;
  readonly encodeText: WordEncoder;
  /** Bytes of a token that is not special. */
  readonly textBytes: (text: string, isByte: boolean) => Uint8Array;
  readonly addBos: boolean;
  readonly addEos: boolean;
  /** Put the separator behind a text (WordPiece). */
  readonly addSeparator: boolean;
  /** A text at the start, or after a special token, has a space put in front: by the tokenizer, or by the encoder. */
  readonly spacePrefix: 'none' | 'byTokenizer' | 'byEncoder';
  readonly cleanUpSpaces: boolean;
  /** Whether white space left or right of a special token's text is dropped. */
  readonly trimsBefore: (id: TokenId) => boolean;
  readonly trimsAfter: (id: TokenId) => boolean;
}

type Kind = (metadata: TokenizerMetadata) => TokenizerParts;

/** By the value of `tokenizer.ggml.model`. */
const KINDS: Readonly<Record<string, Kind>> = {
  llama: spm,
  gpt2: (metadata) => bpe(metadata, metadata.string('tokenizer.ggml.pre')),
  gemma4: (metadata) => bpe(metadata, 'gemma4'),
  bert: wordPiece,
  t5: unigram,
  rwkv,
};

/** Throws UnsupportedTokenizer, naming what the file asks for, or GgufInvalid for a damaged vocabulary. */
export function tokenizerParts(metadata: TokenizerMetadata): TokenizerParts {
  const model = metadata.string('tokenizer.ggml.model') ?? 'none';
  const kind = Object.hasOwn(KINDS, model) ? KINDS[model] : undefined;
  if (kind !== undefined) return kind(metadata);
  const supported = Object.keys(KINDS)
    .map((name) => `"${name}"`)
    .join(', ');
  throw new LinnetError(
    'UnsupportedTokenizer',
    `The tokenizer "${model}" (tokenizer.ggml.model) is not supported; choose a model with one of: ${supported}.`,
  );
}

const utf8 = new TextEncoder();
const never = (): boolean => false;

function spm(metadata: TokenizerMetadata): TokenizerParts {
  const vocabulary = readVocabulary(metadata, { bos: 1, eos: 2, unknown: 0 });
  return {
    vocabulary,
    encodeText: createSpmEncoder(vocabulary),
    textBytes: spmBytes,
    addBos: metadata.boolean('tokenizer.ggml.add_bos_token') ?? true,
    addEos: metadata.boolean('tokenizer.ggml.add_eos_token') ?? false,
    addSeparator: false,
    spacePrefix: (metadata.boolean('tokenizer.ggml.add_space_prefix') ?? true) ? 'byTokenizer' : 'none',
    cleanUpSpaces: false,
    trimsBefore: never,
    trimsAfter: phi3Trimming(metadata.string('general.name'), vocabulary),
  };
}

function bpe(metadata: TokenizerMetadata, preTokenizerName: string | undefined): TokenizerParts {
  const preTokenizer = preTokenizerNamed(preTokenizerName);
  const vocabulary = readVocabulary(metadata);
  const merges = metadata.strings('tokenizer.ggml.merges');
  if (merges === undefined) {
    throw new LinnetError('GgufInvalid', 'A BPE vocabulary without tokenizer.ggml.merges cannot be used.');
  }
  const { addBos = false } = preTokenizer;
  return {
    vocabulary,
    encodeText: createBpeEncoder(vocabulary, merges, preTokenizer),
    textBytes: preTokenizer.isRawText === true ? spmBytes : fromByteCharacters,
    addBos: addBos === 'always' || (metadata.boolean('tokenizer.ggml.add_bos_token') ?? addBos),
    addEos: metadata.boolean('tokenizer.ggml.add_eos_token') ?? false,
    addSeparator: false,
    spacePrefix: (metadata.boolean('tokenizer.ggml.add_space_prefix') ?? false) ? 'byTokenizer' : 'none',
    cleanUpSpaces: preTokenizer.cleanUpSpaces ?? false,
    trimsBefore: maskTrimming(metadata, vocabulary),
    trimsAfter: never,
  };
}

/** BOS is `[CLS]`; it and `[SEP]` stand around every text, whatever the file says. */
function wordPiece(metadata: TokenizerMetadata): TokenizerParts {
  const vocabulary = readVocabulary(metadata, { bos: 101, unknown: 100, separator: 102 });
  const lowerCase = metadata.boolean('tokenizer.ggml.normalizer.lowercase') ?? true;
  const stripAccents = metadata.boolean('tokenizer.ggml.normalizer.strip_accents') ?? lowerCase;
  return {
    vocabulary,
    encodeText: createWordPieceEncoder(vocabulary, { lowerCase, stripAccents }),
    textBytes: spmBytes,
    addBos: true,
    addEos: false,
    addSeparator: true,
    spacePrefix: 'none',
    cleanUpSpaces: true,
    trimsBefore: never,
    trimsAfter: never,
  };
}

function unigram(metadata: TokenizerMetadata): TokenizerParts {
  const vocabulary = readVocabulary(metadata, { eos: 1, unknown: 2 });
  const addSpacePrefix = metadata.boolean('tokenizer.ggml.add_space_prefix') ?? false;
  return {
    vocabulary,
    encodeText: createUnigramEncoder(vocabulary, {
      charsmap: charsmapOf(metadata),
      addSpacePrefix,
      removeExtraSpaces: metadata.boolean('tokenizer.ggml.remove_extra_whitespaces') ?? false,
    }),
    textBytes: spmBytes,
    addBos: metadata.boolean('tokenizer.ggml.add_bos_token') ?? false,
    addEos: metadata.boolean('tokenizer.ggml.add_eos_token') ?? true,
    addSeparator: false,
    spacePrefix: addSpacePrefix ? 'byEncoder' : 'none',
    cleanUpSpaces: false,
    trimsBefore: maskTrimming(metadata, vocabulary),
    trimsAfter: never,
  };
}

function rwkv(metadata: TokenizerMetadata): TokenizerParts {
  const vocabulary = readVocabulary(metadata);
  return {
    vocabulary,
    encodeText: createRwkvEncoder(vocabulary),
    textBytes: unescapeRwkvToken,
    addBos: false,
    addEos: false,
    addSeparator: false,
    spacePrefix: 'none',
    cleanUpSpaces: false,
    trimsBefore: never,
    trimsAfter: never,
  };
}

/** Tokens as SentencePiece writes them: U+2581 is a space, and byte tokens are `<0xHH>`. */
function spmBytes(text: string, isByte: boolean): Uint8Array {
  return isByte ? Uint8Array.of(Number.parseInt(text.slice(3, 5), 16)) : utf8.encode(text.replaceAll(SPM_SPACE, ' '));
}

function charsmapOf(metadata: TokenizerMetadata): Charsmap | undefined {
  const values = metadata.numbers('tokenizer.ggml.precompiled_charsmap');
  return values === undefined || values.length === 0 ? undefined : readCharsmap(Uint8Array.from(values));
}

/** Phi-3's own tokenizer drops white space after its special tokens; GGUF has no key for that, only the name. */
function phi3Trimming(name: string | undefined, { kinds, texts }: Vocabulary): (id: TokenId) => boolean {
  if (!/phi-?3/i.test(name ?? '')) return never;
  const keeps = new Set(['<unk>', '<s>', '<|endoftext|>']);
  return (id) => kinds[id] !== 'normal' && !keeps.has(texts[id] ?? '');
}

/** Encoders trained to fill in a mask drop the white space before it; GGUF has no key for that either. */
function maskTrimming(metadata: TokenizerMetadata, vocabulary: Vocabulary): (id: TokenId) => boolean {
  const pre = metadata.string('tokenizer.ggml.pre') ?? '';
  const architecture = metadata.string('general.architecture') ?? '';
  const name = metadata.string('general.name') ?? '';
  let mask: TokenId | undefined;
  if (/jina-v2-(de|es|code)/.test(pre) || /nomic-bert-moe|jina-bert-v3/.test(architecture))
    mask = vocabulary.idOf('<mask>');
  else if (/modern-bert/i.test(name)) mask = vocabulary.idOf('[MASK]');
  return mask === undefined ? never : (id) => id === mask;
}
