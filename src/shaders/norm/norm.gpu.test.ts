/** RMS norm against the oracle: odd widths, zeros, values far beyond f16, and only the rows that want logits. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import { paddedRowElements } from '../blocks/block-type.ts';
import type { Kernel } from '../kernel.ts';
import { addTolerance, differences, exactly, rmsNormTolerance, type Expected } from '../vectors/tolerance.ts';
import { planted, randomFloats, seededRandom, UNTOUCHED } from '../testing/values.ts';
import { NORM_PARAMS, rmsNorm } from './norm.ts';
import { rmsNormRef } from './norm.ref.ts';

interface NormCase {
  readonly width: number;
  readonly numRows: number;
  readonly scale: number;
  /** Sources of the rows of the output; default: row r from row r. */
  readonly headRows?: readonly number[];
  /** Added to what is there. */
  readonly adds?: boolean;
}

const CASES: readonly NormCase[] = [
  { width: 1, numRows: 1, scale: 1 },
  { width: 96, numRows: 5, scale: 0 }, // all zero: only eps keeps it finite
  { width: 577, numRows: 3, scale: 1e5 },
  { width: 2048, numRows: 4, scale: 1e-3, headRows: [3, 0] },
  { width: 100, numRows: 3, scale: 10, adds: true },
];
const EPS = Math.fround(1e-5);

async function check(runner: KernelRunner, kernel: Kernel, seed: number, one: NormCase): Promise<readonly string[]> {
  const random = seededRandom(seed);
  const { width, numRows } = one;
  const padded = paddedRowElements(width);
  const weight = new Float32Array(padded);
  weight.set(randomFloats(random, width));
  const x = new Float32Array(numRows * padded);
  for (let r = 0; r < numRows; r++) x.set(randomFloats(random, width, one.scale), r * padded);
  const sources = one.headRows ?? Array.from({ length: numRows }, (_, r) => r);
  const out = new Float32Array((sources.length + 1) * padded).fill(UNTOUCHED);
  const params = packFields(NORM_PARAMS, {
    num_words: padded / 4,
    num_elements: width,
    head_rows: one.headRows === undefined ? 0 : 1,
    eps: { f32: EPS },
    add_to_out: one.adds === true ? 1 : 0,
  });
  const bindings = [packStep({ numPrompt: numRows }), params, x, weight, Uint32Array.from(sources), out];
  const results = await runner.run(kernel, bindings, [sources.length, 1, 1]);
  const expected: Expected[] = sources.flatMap((source) => {
    const row = rmsNormRef(x.subarray(source * padded, source * padded + width), weight, EPS);
    const padding = new Array<Expected>(padded - width).fill(exactly(0));
    const sums = Array.from(row, (value): Expected => {
      const tolerance = rmsNormTolerance(width, value);
      if (one.adds !== true) return { value, tolerance };
      return { value: value + UNTOUCHED, tolerance: tolerance + addTolerance(value, UNTOUCHED) };
    });
    return [...sums, ...(one.adds === true ? padding.map(() => exactly(UNTOUCHED)) : padding)];
  });
  const untouched = new Array<Expected>(padded).fill(exactly(UNTOUCHED));
  return differences(new Float32Array(results[5] ?? new ArrayBuffer(0)), [...expected, ...untouched]);
}

describeOnAdapters((runner) => {
  it.for(CASES.map((one, i) => ({ one, seed: 51 + i })))(
    'rmsnorm_f32: width $one.width, seed $seed',
    async ({ one, seed }) => {
      expect(await check(runner(), rmsNorm, seed, one)).toEqual([]);
    },
  );

  it.for<readonly [string, string]>([
    ['f32(params.num_elements)', 'f32(params.num_words * 4u)'], // the mean over the padding too
    [' + params.eps', ''],
    ['(tree8(16u) + tree8(24u))', 'tree8(16u)'],
    ['return row_index[r]', 'return r'],
    ['v += out[', 'v = out['],
    ['sum = fma(v, v, sum)', 'sum = fma(min(v, vec4<f32>(65504.0)), v, sum)'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    const found: string[] = [];
    for (const [i, one] of CASES.entries()) {
      found.push(...(await check(runner(), planted(rmsNorm, right, wrong), 51 + i, one)));
    }
    expect(found).not.toEqual([]);
  });
});
