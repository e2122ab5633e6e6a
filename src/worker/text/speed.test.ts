/**
 * Time against length, for every kind of tokenizer and the texts that are worst for it: four times the text may cost a
 * little more than four times the time, never sixteen. What is measured is processor time, which a busy machine does not
 * change much; the bounds are far above what is needed.
 */
import { describe, expect, it } from 'vitest';
import { resolve } from 'node:path';
import { metadataOf, readJson, tinyBpe, tinySpm, tinyWordPiece } from '../../../tools/fixtures/text.ts';
import { PRE_TOKENIZERS } from './pre-tokenizer-table.ts';
import { splitWords } from './pre-tokenizers.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

const LENGTH = 100_000; // UTF-16 units
const MAX_MS = 1000;
/** Linear is 4, n log n a little more, quadratic 16. */
const MAX_RATIO = 10;
/** Below this nothing is quadratic that anybody would notice, and ratios are noise. */
const MIN_MS = 200;
/** A run may meet a collection of garbage; one good run of several is enough. */
const MAX_ATTEMPTS = 4;

const TEXTS: Readonly<Record<string, string>> = {
  prose: 'The quick brown fox, he said, jumps over 12 lazy dogs.\n',
  'one letter': 'a',
  'capital letters': 'A',
  digits: '1',
  spaces: ' ',
  'line breaks': '\n',
  punctuation: '!',
  'letters and marks': 'e\u0301',
  Chinese: '\u4f60\u597d',
  emoji: '\u{1f600}',
};

const repeated = (unit: string, length: number): string => unit.repeat(Math.ceil(length / unit.length));

/** Processor time of this process, in milliseconds. */
function timeMs(run: () => unknown): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Rows of texts that take too long. */
function slowness(run: (text: string) => unknown): string[] {
  return Object.entries(TEXTS).flatMap(([name, unit]) => {
    const measure = (length: number): number => timeMs(() => run(repeated(unit, length)));
    let whole = Infinity;
    let quarter = Infinity;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      whole = Math.min(whole, measure(LENGTH));
      if (whole < MIN_MS) return [];
      quarter = Math.min(quarter, measure(LENGTH / 4));
      if (whole < MAX_MS && whole / quarter < MAX_RATIO) return [];
    }
    return [`${name}: ${quarter.toFixed(1)} ms, then ${whole.toFixed(1)} ms`];
  });
}

function unigram(): Tokenizer {
  const path = resolve(import.meta.dirname, '../../../tools/fixtures/tokenizers/unigram.json');
  const file = readJson(path) as { tokens: string; scores: string; types: string; charsmapBase64: string };
  return createTokenizer(
    metadataOf({
      'tokenizer.ggml.model': 't5',
      'tokenizer.ggml.tokens': file.tokens.split('\n'),
      'tokenizer.ggml.scores': file.scores.split(' ').map(Number),
      'tokenizer.ggml.token_type': file.types.split(' ').map(Number),
      'tokenizer.ggml.precompiled_charsmap': [...Buffer.from(file.charsmapBase64, 'base64')],
      'tokenizer.ggml.add_space_prefix': true,
      'tokenizer.ggml.remove_extra_whitespaces': true,
    }),
  );
}

const KINDS: Readonly<Record<string, () => Tokenizer>> = {
  SPM: () => createTokenizer(tinySpm()),
  'byte-level BPE': () => createTokenizer(tinyBpe()),
  'BPE over text': () => createTokenizer(tinyBpe({ 'tokenizer.ggml.model': 'gemma4' })),
  WordPiece: () => createTokenizer(tinyWordPiece()),
  Unigram: unigram,
  RWKV: () => createTokenizer(tinyBpe({ 'tokenizer.ggml.model': 'rwkv' })),
};

describe('a text of 100 000 characters', () => {
  it.each(Object.entries(KINDS))('%s: time grows as the text', (_, make) => {
    const tokenizer = make();
    expect(slowness((text) => tokenizer.encode(text, { addSpecial: true, parseSpecial: true }))).toEqual([]);
  });

  // Rows of the table share their pattern objects by name, so each rule is timed once.
  const rules = [...new Map([...PRE_TOKENIZERS].map(([name, rule]) => [rule, name]))];
  it.each(rules.map(([rule, name]) => ({ name, rule })))('pre-tokenizer $name: time grows as the text', ({ rule }) => {
    expect(slowness((text) => splitWords(text, rule))).toEqual([]);
  });
});
