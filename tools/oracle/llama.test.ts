/**
 * The oracle itself is proved here: against goldens whose exact results were computed by other code, from other hands.
 * They are printed with five decimals, so what remains is half a unit of the last one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BLOCK_TYPES } from '../../src/shaders/blocks/index.ts';
import { reference } from '../fixtures/text.ts';
import { nodeFileSource } from '../node/file-source.ts';
import { Difference, readGolden } from '../parity/golden.ts';
import { LlamaOracle } from './llama.ts';

const PRINTED = 0.5e-5 + 1e-9;

const MODELS = [
  'stories260K-f32',
  'stories260K-q8_0',
  'stories260K-q4_0',
  ...BLOCK_TYPES.map(({ name }) => `llama-${name.toLowerCase()}`),
  'llama-q4_k_m',
  'llama-yarn',
  'llama-linear-bias',
  'llama3-ropefreqs',
  'llama-ctx4096',
  'qwen3',
  'gemma3',
  'lfm2',
  'qwen35',
];

const missing = 'missing' in reference ? ` (skipped: ${reference.missing})` : '';
const folder = 'folder' in reference ? reference.folder : '';

describe.skipIf(missing !== '')(`the oracle and the exact goldens${missing}`, () => {
  it.each(MODELS)('agrees on %s', { timeout: 120_000 }, async (model) => {
    const golden = readGolden(join(folder, 'goldens', `${model}.json`));
    const path = join(folder, 'models', golden.model);
    expect(existsSync(path)).toBe(true);
    const source = await nodeFileSource(path);
    const oracle = await LlamaOracle.open(source);
    const difference = new Difference();
    for (const prompt of golden.prompts) {
      const positions = prompt.exact.positions.map((expected) => expected.pos);
      const actual = await oracle.logProbs(prompt.ids, positions);
      for (const expected of prompt.exact.positions) {
        const logprobs = actual.get(expected.pos);
        for (const [id, logprob] of expected.top) difference.add(logprobs?.[id] ?? NaN, logprob);
        golden.fixedIds.forEach((id, i) => difference.add(logprobs?.[id] ?? NaN, expected.fixed[i] ?? NaN));
      }
    }
    await source.close();
    expect(difference.count).toBeGreaterThan(500);
    expect(difference.max).toBeLessThanOrEqual(PRINTED);
  });
});
