/**
 * A few models of the reference corpus on every adapter, so that CI notices what `npm run parity` would: each weight type
 * people paste, forced GPU variants, small bindings, several sequences at once. The whole corpus is the command's business.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTestAdapters } from '../node/test-devices.ts';
import { readArguments } from './arguments.ts';
import { compareAny } from './compare-any.ts';
import { compareModel } from './compare.ts';
import { readAnyGolden, readGolden } from './golden.ts';
import { FORCED_VARIANTS } from './selections.ts';

const REFERENCE = resolve(process.env['LINNET_REFERENCE'] ?? resolve(import.meta.dirname, '../../../shared/reference'));
const missing = existsSync(REFERENCE) ? '' : ' (skipped: the reference corpus is not beside this checkout)';

interface Case {
  readonly model: string;
  readonly flags: readonly string[];
}

/** The two smallest that the runtime computes with; each variant is forced on one of them on each adapter. */
const SMALLEST = ['stories260K-q4_0', 'stories260K-q8_0'] as const;

const CASES: readonly Case[] = [
  { model: 'stories260K-q4_0', flags: [] },
  { model: 'llama-q4_k_m', flags: ['--no-subgroups', '--no-f16'] },
  { model: 'llama-linear-bias', flags: ['--gemm', 'tiled', '--gemv', 'lanes', '--attention', 'flash'] },
  { model: 'stories260K-f16', flags: ['--max-binding', '65536'] },
  { model: 'llama3-ropefreqs', flags: ['--batch', '5'] },
  // What users get.
  { model: 'stories260K-q8_0', flags: ['--kv', 'f16'] },
  { model: 'llama-linear-bias', flags: ['--kv', 'q8_0'] },
  { model: 'llama-linear-bias', flags: ['--kv', 'q4_0'] },
];

/** On one adapter each, since they take seconds: types of weights and families of models. */
const ON_ONE: readonly Case[] = [
  { model: 'llama-q5_k', flags: [] },
  { model: 'llama-iq4_xs', flags: [] },
  { model: 'llama-mxfp4', flags: [] },
  // Held against exact arithmetic that rounds the same.
  { model: 'llama-q4_k_m', flags: ['--precision', 'int8', '--rounded'] },
  // Between them the families' differences: windows, caps, tables and halves of the rotation, norms, fused tensors.
  { model: 'gemma3', flags: [] },
  { model: 'gemma2', flags: ['--gemm', 'tiled', '--gemv', 'lanes', '--attention', 'flash'] },
  { model: 'gemma2', flags: ['--max-binding', '65536'] },
  { model: 'olmo2', flags: [] },
  { model: 'qwen3', flags: ['--batch', '5'] },
  { model: 'phi3', flags: [] },
  { model: 'mistral3', flags: [] },
  // Mixtures of experts; with small bindings their shards begin in the middle of an expert.
  { model: 'qwen3moe', flags: ['--batch', '5'] },
  { model: 'gpt-oss', flags: ['--max-binding', '65536'] },
  { model: 'deepseek2', flags: [] },
  { model: 'falcon', flags: ['--attention', 'flash'] },
  { model: 'gemma4', flags: [] },
  { model: 'gemma4-moe', flags: ['--max-binding', '65536'] },
];

/** Encoders, on every adapter: they have kernels of their own for attention. */
const ENCODERS: readonly Case[] = [
  { model: 'bert', flags: [] },
  { model: 'modern-bert', flags: ['--attention', 'flash', '--batch', '3'] },
];

for (const [i, { name: adapter, title }] of openTestAdapters().entries()) {
  const isMine = (_: unknown, index: number) => index % 2 === i % 2;
  const forced = FORCED_VARIANTS.map(({ flags }): Case => ({ model: SMALLEST[i % 2 === 0 ? 0 : 1], flags }));
  describe.skipIf(title.includes('skipped') || missing !== '')(`parity ${title}${missing}`, () => {
    it.for([...CASES, ...ON_ONE.filter(isMine), ...forced])(
      '$model $flags',
      { timeout: 180_000 },
      async ({ model, flags }) => {
        const options = readArguments([REFERENCE, '--adapter', adapter, ...flags]);
        const outcome = await compareModel(options, readGolden(join(REFERENCE, 'goldens', `${model}.json`)));
        expect(outcome.numWrong).toBe(0);
        expect(outcome.numSteps).toBeGreaterThan(40);
        expect(outcome.passed, `rms ${String(outcome.difference.rms)}, max ${String(outcome.difference.max)}`).toBe(
          true,
        );
      },
    );
    it.for(ENCODERS)('$model $flags', { timeout: 180_000 }, async ({ model, flags }) => {
      const options = readArguments([REFERENCE, '--adapter', adapter, ...flags]);
      const golden = readAnyGolden(join(REFERENCE, 'goldens', `${model}.json`));
      const { difference, passed } = await compareAny(options, golden);
      expect(difference.count).toBe(3 * 64);
      expect(passed, `rms ${String(difference.rms)}, max ${String(difference.max)}`).toBe(true);
    });
  });
}

describe.skipIf(missing !== '')(`the comparison${missing}`, () => {
  it('fails for another model than the golden speaks of', { timeout: 60_000 }, async () => {
    const adapter = openTestAdapters().find(({ title }) => !title.includes('skipped'))?.name ?? 'null';
    const options = readArguments([REFERENCE, '--adapter', adapter]);
    const golden = readGolden(join(REFERENCE, 'goldens', 'stories260K-f32.json'));
    // Four-bit weights of the same model: right, but not the same numbers.
    const { passed } = await compareModel(options, { ...golden, model: 'stories260K-q4_0.gguf' });
    expect(passed).toBe(false);
  });
});
