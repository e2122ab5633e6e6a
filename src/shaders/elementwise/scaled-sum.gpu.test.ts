/** Scaled sums and gated parts of rows against the oracle; rows that are none of the step, and padding, keep what they hold. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { planted, randomFloats, seededRandom } from '../testing/values.ts';
import { activationTolerance, differences, EPS32, exactly } from '../vectors/tolerance.ts';
import { gatedMulRef } from './gated-mul.ref.ts';
import { GATE_PART_PARAMS, gatePart, SCALED_SUM_PARAMS, scaledSum } from './scaled-sum.ts';

const NUM_ROWS = 4;
const STEP = packStep({ numPrompt: 2, numGenerated: 1 });

async function checkSum(runner: KernelRunner, kernel: Kernel, seed: number, addend: boolean, factor: boolean) {
  const width = 288;
  const random = seededRandom(seed);
  const [x, y] = [randomFloats(random, NUM_ROWS * width, 1e3), randomFloats(random, NUM_ROWS * width, 10)];
  const factors = Float32Array.of(0.75, -3);
  const scale = Math.fround(Math.SQRT1_2);
  const params = packFields(SCALED_SUM_PARAMS, {
    num_words: width / 4,
    scale: { f32: scale },
    has_addend: addend ? 1 : 0,
    has_factor: factor ? 1 : 0,
  });
  const results = await runner.run(kernel, [STEP, params, y, factors, x], [Math.ceil(width / 4 / 64), NUM_ROWS, 1]);
  return differences(
    new Float32Array(results[4] ?? new ArrayBuffer(0)),
    Array.from(x, (before, i) => {
      if (i >= 3 * width) return exactly(before);
      const value = (before + (addend ? (y[i] ?? NaN) : 0)) * scale * (factor ? 0.75 : 1);
      return { value, tolerance: 3 * EPS32 * Math.abs(value) }; // three roundings
    }),
  );
}

async function checkGate(runner: KernelRunner, kernel: Kernel, seed: number) {
  const [width, stride, part, numParts] = [20, 32, 2, 3];
  const byStride = 64;
  const random = seededRandom(seed);
  const [x, by] = [randomFloats(random, NUM_ROWS * stride, 3), randomFloats(random, NUM_ROWS * byStride)];
  const params = packFields(GATE_PART_PARAMS, {
    num_words: width / 4,
    row_words: stride / 4,
    by_words: byStride / 4,
    first_word: (part * width) / 4,
  });
  expect(numParts * width).toBeLessThanOrEqual(byStride);
  const results = await runner.run(kernel, [STEP, params, by, x], [1, NUM_ROWS, 1]);
  return differences(
    new Float32Array(results[3] ?? new ArrayBuffer(0)),
    Array.from(x, (before, i) => {
      const [row, column] = [Math.floor(i / stride), i % stride];
      if (row >= 3 || column >= width) return exactly(before);
      const up = by[row * byStride + part * width + column] ?? NaN;
      const value = gatedMulRef('gelu', before, up);
      return { value, tolerance: activationTolerance('gelu', before, up, value) };
    }),
  );
}

describeOnAdapters((runner) => {
  it.for([
    { seed: 81, addend: true, factor: false },
    { seed: 82, addend: false, factor: true },
    { seed: 83, addend: true, factor: true },
  ])('scaled_sum_f32: addend $addend, factor $factor, seed $seed', async ({ seed, addend, factor }) => {
    expect(await checkSum(runner(), scaledSum, seed, addend, factor)).toEqual([]);
  });

  it.each([
    ['v += y[at]', 'v += y[gid.x]'],
    ['var scale = params.scale', 'var scale = 1.0'],
    ['scale *= factor[0]', 'scale *= factor[1]'],
    ['step.num_prompt + step.num_generated', 'step.num_prompt'],
  ])('finds a planted mistake in the sum: %s -> %s', async (right, wrong) => {
    expect(await checkSum(runner(), planted(scaledSum, right, wrong), 83, true, true)).not.toEqual([]);
  });

  it('gelu_part_f32: seed 84', async () => {
    expect(await checkGate(runner(), gatePart('gelu'), 84)).toEqual([]);
  });

  it.each([
    ['params.first_word + gid.x', 'gid.x'],
    ['gid.y * params.by_words', 'gid.y * params.row_words'],
    ['gid.x < params.num_words', 'gid.x < params.row_words'],
  ])('finds a planted mistake in the gate: %s -> %s', async (right, wrong) => {
    expect(await checkGate(runner(), planted(gatePart('gelu'), right, wrong), 84)).not.toEqual([]);
  });
});
