/** Layer norm against the oracle: odd widths, a mean far from zero, no bias, and only the rows that want logits. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import { paddedRowElements } from '../blocks/block-type.ts';
import type { Kernel } from '../kernel.ts';
import { differences, exactly, layerNormTolerance, type Expected } from '../vectors/tolerance.ts';
import { planted, randomFloats, seededRandom, UNTOUCHED } from '../testing/values.ts';
import { LAYER_NORM_PARAMS, layerNorm } from './norm.ts';
import { layerNormRef } from './norm.ref.ts';

interface LayerNormCase {
  readonly width: number;
  readonly numRows: number;
  readonly scale: number;
  /** Added to every element. */
  readonly mean?: number;
  readonly bias?: boolean;
  /** Sources of the rows of the output; default: row r from row r. */
  readonly headRows?: readonly number[];
}

const CASES: readonly LayerNormCase[] = [
  { width: 1, numRows: 2, scale: 1, bias: true }, // no variance: only eps keeps it finite
  { width: 97, numRows: 5, scale: 1, mean: 8, bias: true },
  { width: 577, numRows: 3, scale: 1e5 },
  { width: 2048, numRows: 4, scale: 1e-3, headRows: [3, 0], bias: true },
];
const EPS = Math.fround(1e-5);

async function check(runner: KernelRunner, kernel: Kernel, seed: number, one: LayerNormCase) {
  const random = seededRandom(seed);
  const { width, numRows, mean = 0 } = one;
  const padded = paddedRowElements(width);
  const padding = (values: Float32Array) => {
    const out = new Float32Array(padded);
    out.set(values);
    return out;
  };
  const weight = padding(randomFloats(random, width));
  const bias = padding(randomFloats(random, width));
  const x = new Float32Array(numRows * padded);
  for (let r = 0; r < numRows; r++) {
    x.set(
      randomFloats(random, width, one.scale).map((value) => value + mean),
      r * padded,
    );
  }
  const sources = one.headRows ?? Array.from({ length: numRows }, (_, r) => r);
  const out = new Float32Array((sources.length + 1) * padded).fill(UNTOUCHED);
  const params = packFields(LAYER_NORM_PARAMS, {
    num_words: padded / 4,
    num_elements: width,
    head_rows: one.headRows === undefined ? 0 : 1,
    eps: { f32: EPS },
    has_bias: one.bias === true ? 1 : 0,
  });
  const bindings = [packStep({ numPrompt: numRows }), params, x, weight, bias, Uint32Array.from(sources), out];
  const results = await runner.run(kernel, bindings, [sources.length, 1, 1]);
  const expected: Expected[] = sources.flatMap((source) => {
    const from = x.subarray(source * padded, source * padded + width);
    const row = layerNormRef(from, weight, EPS);
    const sums = Array.from(row.values, (value, i): Expected => {
      const b = one.bias === true ? (bias[i] ?? NaN) : 0;
      return { value: value + b, tolerance: layerNormTolerance(width, row, weight[i] ?? NaN, value, b) };
    });
    return [...sums, ...new Array<Expected>(padded - width).fill(exactly(0))];
  });
  const untouched = new Array<Expected>(padded).fill(exactly(UNTOUCHED));
  return differences(new Float32Array(results[6] ?? new ArrayBuffer(0)), [...expected, ...untouched]);
}

describeOnAdapters((runner) => {
  it.for(CASES.map((one, i) => ({ one, seed: 58 + i })))(
    'layernorm_f32: width $one.width, seed $seed',
    async ({ one, seed }) => {
      expect(await check(runner(), layerNorm, seed, one)).toEqual([]);
    },
  );

  it.for<readonly [string, string]>([
    ['element < vec4<u32>(params.num_elements)', 'element < vec4<u32>(params.num_words * 4u)'],
    ['sum32(lane, sum) / f32(params.num_elements)', 'sum32(lane, sum) / f32(params.num_words * 4u)'],
    ['params.has_bias == 1u', 'false'],
    [' + params.eps', ''],
    ['return row_index[r]', 'return r'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    const found: string[] = [];
    for (const [i, one] of CASES.entries()) {
      found.push(...(await check(runner(), planted(layerNorm, right, wrong), 58 + i, one)));
    }
    expect(found).not.toEqual([]);
  });
});
