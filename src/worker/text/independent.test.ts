/**
 * Our tokenizer, fed with the vocabularies that independent tokenizers bring, against those tokenizers: some thousand
 * random texts each. Where they differ on a class of texts, the class is named here with the reason, and everything
 * outside of it must agree.
 */
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { encode as encodeO200k } from 'gpt-tokenizer/encoding/o200k_base';
import o200kRanks from 'gpt-tokenizer/bpeRanks/o200k_base';
import llamaTokenizer from 'llama-tokenizer-js';
import llama3Tokenizer from 'llama3-tokenizer-js';
import { describe, expect, it } from 'vitest';
import { metadataOf, randomIntegers, reference, referenceMetadata } from '../../../tools/fixtures/text.ts';
import { BYTE_CHARACTERS } from './byte-alphabet.ts';
import type { TokenizerMetadata } from './metadata.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

const NUM_TEXTS = 2000;
const PLAIN = { addSpecial: false, parseSpecial: false };
const NORMAL = 1;
const CONTROL = 3;
const BYTE = 6;

const POOLS = [
  'abc xyz',
  'ABC XYZ',
  "'s't're'LL'D",
  'éàßÉÀŁž',
  'Привет МИР',
  '你好世界。，！',
  'こんにちはカナ',
  '안녕하세요',
  'שלום',
  'नमस्ते',
  '\n\r\t   ',
  '0123456789',
  '٣४²½ⅷ',
  '.,;:!?"',
  '()[]{}/\\|',
  '+-*=<>^~`$%&@#_',
  '…—“”‘’',
  '\u00a0\u3000\u2003\u200b',
  'a\u0300\u0301\u0302',
  '😀🚀𝕳👍🏽\u200d❤️',
  'ﬁªºǅǈ',
];
const WORDS = [
  'Hello',
  ' world',
  'camelCase',
  ' JavaScript',
  ' the',
  'ing',
  "don't",
  ' 12345',
  '\n\n\n',
  '    ',
  '...',
];

/** Deterministic random text: runs of one kind of character, and words. */
function nastyTexts(seed: number): string[] {
  const random = randomIntegers(seed);
  const pools = POOLS.map((pool) => [...pool]);
  const part = (): string => {
    if (random(4) === 0) return WORDS[random(WORDS.length)] ?? '';
    const pool = pools[random(pools.length)] ?? [];
    return Array.from({ length: 1 + random(5) }, () => pool[random(pool.length)] ?? '').join('');
  };
  return Array.from({ length: NUM_TEXTS }, () => Array.from({ length: 1 + random(12) }, part).join(''));
}

interface Comparison {
  readonly ours: Tokenizer;
  readonly theirs: (text: string) => ArrayLike<number>;
  /** Texts on which they may differ. */
  readonly excused?: (text: string) => boolean;
}

/** Rows of texts on which both differ, and how many texts were not excused. */
function compare(texts: readonly string[], { ours, theirs, excused = () => false }: Comparison) {
  const compared = texts.filter((text) => !excused(text));
  const rows = compared.flatMap((text) => {
    const expected = Array.from(theirs(text)).join(' ');
    const actual = ours.encode(text, PLAIN).join(' ');
    return expected === actual ? [] : [`${JSON.stringify(text)}\n  theirs ${expected}\n  ours   ${actual}`];
  });
  return { rows: rows.slice(0, 10).join('\n'), numCompared: compared.length };
}

/** The metadata of a byte-level BPE vocabulary. */
function bpeMetadata(pre: string, tokens: readonly string[], merges: readonly string[]): TokenizerMetadata {
  return metadataOf({
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': pre,
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': tokens.map((text) => (/^<\|.*\|>$/.test(text) ? CONTROL : NORMAL)),
    'tokenizer.ggml.merges': merges,
  });
}

describe('Llama 3 (llama3-tokenizer-js)', () => {
  it('gives the same ids', () => {
    const merges = [...llama3Tokenizer.merges].sort(([, a], [, b]) => a - b).map(([merge]) => merge);
    const ours = createTokenizer(bpeMetadata('llama-bpe', llama3Tokenizer.vocabById, merges));
    const theirs = (text: string): number[] => llama3Tokenizer.encode(text, { bos: false, eos: false });
    const { rows, numCompared } = compare(nastyTexts(1), { ours, theirs });
    expect(rows).toBe('');
    expect(numCompared).toBe(NUM_TEXTS);
  });
});

describe('Llama 2, SentencePiece BPE (llama-tokenizer-js)', () => {
  const FIRST_PIECE = 259; // after unknown, BOS, EOS and the bytes

  it('gives the same ids', () => {
    const tokens = llamaTokenizer.vocabById;
    const ours = createTokenizer(
      metadataOf({
        'tokenizer.ggml.model': 'llama',
        'tokenizer.ggml.tokens': tokens,
        'tokenizer.ggml.scores': tokens.map((text, id) => {
          if (id < FIRST_PIECE) return 0;
          return /^\u2581+$/.test(text) ? -1e9 : FIRST_PIECE - id; // spaces are merged last, as in the model's file
        }),
        'tokenizer.ggml.token_type': tokens.map((_, id) => {
          if (id >= FIRST_PIECE) return NORMAL;
          return id < 3 ? CONTROL : BYTE;
        }),
      }),
    );
    const theirs = (text: string): number[] => llamaTokenizer.encode(text, false, true);
    const { rows, numCompared } = compare(nastyTexts(2), { ours, theirs });
    expect(rows).toBe('');
    expect(numCompared).toBe(NUM_TEXTS);
  });
});

describe('o200k, the vocabulary of gpt-oss (gpt-tokenizer)', () => {
  /**
   * The original tells upper from lower case in all scripts, and takes marks for letters. llama.cpp, whose ids we give,
   * knows the case of ASCII letters alone, and takes marks for punctuation.
   */
  const MARK = /\p{M}/u;
  const LOWER_THEN_UPPER = new RegExp('[\\p{Ll}--[a-z]][\\p{Lu}\\p{Lt}]|\\p{Ll}[[\\p{Lu}\\p{Lt}]--[A-Z]]', 'v');
  const excused = (text: string): boolean => MARK.test(text) || LOWER_THEN_UPPER.test(text);

  it('gives the same ids but for marks, and for a change of case beyond ASCII', () => {
    const bytesOf = new TextEncoder();
    const tokens = o200kRanks.map((token) =>
      Array.from(typeof token === 'string' ? bytesOf.encode(token) : token, (byte) => BYTE_CHARACTERS[byte] ?? '').join(
        '',
      ),
    );
    const ours = createTokenizer(bpeMetadata('gpt-4o', tokens, mergesOf(tokens)));
    const { rows, numCompared } = compare(nastyTexts(3), { ours, theirs: (text) => encodeO200k(text), excused });
    expect(rows).toBe('');
    expect(numCompared).toBeGreaterThan(NUM_TEXTS / 3);
  });
});

describe('Hugging Face (@huggingface/tokenizers) on vocabularies of the reference corpus', () => {
  it('gives the same ids for Qwen 2', async ({ skip }) => {
    if ('missing' in reference) return skip(reference.missing);
    const metadata = await referenceMetadata(reference.folder, 'real-qwen2');
    const hf = new HfTokenizer(
      {
        ...HF_NOTHING,
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [
            { type: 'Split', pattern: { Regex: QWEN2_PATTERN }, behavior: 'Isolated', invert: false },
            { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
          ],
        },
        model: {
          type: 'BPE',
          vocab: vocabularyOf(metadata, (text) => text),
          merges: metadata.strings('tokenizer.ggml.merges'),
        },
      },
      {},
    );
    const theirs = (text: string): number[] => hf.encode(text, { add_special_tokens: false }).ids;
    const { rows, numCompared } = compare(nastyTexts(4), { ours: createTokenizer(metadata), theirs });
    expect(rows).toBe('');
    expect(numCompared).toBe(NUM_TEXTS);
  });

  /**
   * Of the canonical decomposition of a Hangul syllable llama.cpp, whose ids we give, keeps the first letter alone, and
   * it drops marks that take up space (Devanagari vowels), which BERT keeps.
   */
  it('gives the same ids for BERT but for Hangul and spacing marks', async ({ skip }) => {
    if ('missing' in reference) return skip(reference.missing);
    const metadata = await referenceMetadata(reference.folder, 'real-bert-bge');
    const hf = new HfTokenizer(
      {
        ...HF_NOTHING,
        normalizer: {
          type: 'BertNormalizer',
          clean_text: true,
          handle_chinese_chars: true,
          strip_accents: null,
          lowercase: true,
        },
        pre_tokenizer: { type: 'BertPreTokenizer' },
        model: {
          type: 'WordPiece',
          unk_token: '[UNK]',
          continuing_subword_prefix: '##',
          max_input_chars_per_word: 100,
          vocab: vocabularyOf(metadata, (text) => {
            if (text.startsWith('\u2581')) return text.slice(1);
            return /^\[.*\]$/.test(text) ? text : `##${text}`;
          }),
        },
      },
      {},
    );
    const theirs = (text: string): number[] => hf.encode(text, { add_special_tokens: false }).ids;
    const excused = (text: string): boolean => /[\p{Script=Hangul}\p{Mc}]/u.test(text);
    const { rows, numCompared } = compare(nastyTexts(5), { ours: createTokenizer(metadata), theirs, excused });
    expect(rows).toBe('');
    expect(numCompared).toBeGreaterThan(NUM_TEXTS / 3);
  });
});

const HF_NOTHING = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  post_processor: null,
  decoder: null,
};
/** From Qwen 2's tokenizer.json. */
const QWEN2_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

function vocabularyOf(metadata: TokenizerMetadata, write: (text: string) => string): Record<string, number> {
  return Object.fromEntries(metadata.strings('tokenizer.ggml.tokens')?.map((text, id) => [write(text), id]) ?? []);
}

/** The merges of a vocabulary that has ranks alone: of each token, the two parts it falls into without it. */
function mergesOf(tokens: readonly string[]): string[] {
  const ranks = new Map(tokens.map((token, rank) => [token, rank]));
  return tokens.flatMap((token) => {
    const parts = [...token];
    while (parts.length > 2) {
      let best = Infinity;
      let at = 0;
      for (let i = 0; i + 1 < parts.length; i++) {
        const found = ranks.get((parts[i] ?? '') + (parts[i + 1] ?? '')) ?? Infinity;
        if (found < best) [best, at] = [found, i];
      }
      parts.splice(at, 2, (parts[at] ?? '') + (parts[at + 1] ?? ''));
    }
    return parts.length === 2 ? [parts.join(' ')] : [];
  });
}
