/**
 * Every string of the reference corpus through every vocabulary of it, against the ids and texts that
 * llama.cpp gives. Failures are shown as rows of vocabulary, text, expected and actual.
 */
import { describe, expect, it } from 'vitest';
import { readJson, reference, referenceMetadata } from '../../../tools/fixtures/text.ts';
import { tokenId } from '../tokens.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

const VOCABULARIES = [
  'bpe-command-r',
  'bpe-dbrx',
  'bpe-deepseek-llm',
  'bpe-deepseek-v3',
  'bpe-gpt-2',
  'bpe-gpt-4o',
  'bpe-lfm2',
  'bpe-llama-bpe',
  'bpe-qwen2',
  'bpe-qwen35',
  'bpe-smollm',
  'bpe-starcoder',
  'bpe-tekken',
  'gemma4-small',
  'real-bert-bge',
  'real-gpt-2',
  'real-phi-3',
  'real-qwen2',
  'spm-tok512',
  'spm-tok512-extra',
  'spm-tok512-noprefix',
  'wpm-small',
];
const NUM_STRINGS = 116;

interface Case {
  readonly text: string;
  readonly plain: readonly number[];
  /** Absent: the same as `plain`. */
  readonly special?: readonly number[];
  /** Absent: the same as `text`. */
  readonly back?: string;
  readonly specialBack?: string;
}

interface Golden {
  readonly addBos: boolean;
  readonly addEos: boolean;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly cases: readonly Case[];
}

function isGolden(value: unknown): value is Golden {
  return typeof value === 'object' && value !== null && 'cases' in value && Array.isArray(value.cases);
}

/** Rows of what differs for one string. */
function compare(tokenizer: Tokenizer, { text, plain, special, back, specialBack }: Case): string[] {
  const rows: string[] = [];
  const check = (field: string, expected: unknown, actual: unknown): void => {
    if (JSON.stringify(expected) !== JSON.stringify(actual)) {
      rows.push(
        `${field} of ${JSON.stringify(text)}\n  expected ${JSON.stringify(expected)}\n  actual   ${JSON.stringify(actual)}`,
      );
    }
  };
  check('plain', plain, tokenizer.encode(text, { addSpecial: false, parseSpecial: false }));
  check('special', special ?? plain, tokenizer.encode(text, { addSpecial: false, parseSpecial: true }));
  check('back', back ?? text, tokenizer.decode(plain.map(tokenId), { special: false, cleanUpSpaces: true }));
  if (special !== undefined) {
    const shown = tokenizer.decode(special.map(tokenId), { special: true, cleanUpSpaces: true });
    check('specialBack', specialBack, shown);
  }
  return rows;
}

describe('tokenizer goldens', () => {
  for (const name of VOCABULARIES) {
    it(`${name}: ${NUM_STRINGS} of ${NUM_STRINGS} strings`, async ({ skip }) => {
      if ('missing' in reference) return skip(reference.missing);
      const path = `${reference.folder}/tokenizers/${name}`;
      const golden = readJson(`${path}.json`);
      if (!isGolden(golden)) throw new Error(`${path}.json is not a golden file`);
      const tokenizer = createTokenizer(await referenceMetadata(reference.folder, name));

      expect(golden.cases).toHaveLength(NUM_STRINGS);
      expect(golden.cases.flatMap((c) => compare(tokenizer, c)).join('\n')).toBe('');
      const { addBos, addEos, bosId, eosId } = tokenizer;
      expect({ addBos, addEos, bos: bosId ?? null, eos: eosId ?? null }).toEqual({
        addBos: golden.addBos,
        addEos: golden.addEos,
        bos: golden.bos,
        eos: golden.eos,
      });
    });
  }
});
