/** AltUp's kernels against their oracles; rows that are none of the step, and padding, keep what they hold. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { planted, randomFloats, seededRandom } from '../testing/values.ts';
import {
  addTolerance,
  differences,
  dotTolerance,
  EPS32,
  exactly,
  meanTolerance,
  normedDotTolerance,
  rmsNormTolerance,
  tanhTolerance,
  type Expected,
} from '../vectors/tolerance.ts';
import {
  ALTUP_PARAMS,
  altupCoefficients,
  altupCorrect,
  altupPredict,
  COEFFICIENT_PARAMS,
  MATCH_PARAMS,
  matchLength,
  SPARSIFY_PARAMS,
  sparsify,
} from './altup.ts';
import {
  coefficientsRef,
  correctRef,
  matchLengthRef,
  momentsRef,
  predictRef,
  routedRef,
  sparsifyRef,
} from './altup.ref.ts';

const WIDTH = 224;
const NUM_ROWS = 3;
/** One row more than is computed lies in every buffer. */
const STEP = packStep({ numPrompt: 1, numGenerated: 1 });
const COMPUTED = 2;
const EPS = Math.fround(1e-6);

const floats = (buffer: ArrayBuffer | undefined) => new Float32Array(buffer ?? new ArrayBuffer(0));
const rowOf = (words: Float32Array, row: number, width = WIDTH) => words.subarray(row * width, (row + 1) * width);

const normOf = (values: readonly number[]) => Math.hypot(...values);

/** Of the linear map `row` of four tangents: each of a product with a normed row. */
function coefficientTolerance(routed: readonly number[], routers: readonly Float32Array[], row: Float32Array): number {
  const terms = routers.map((router, stream) => {
    const products = routed.map((value, i) => value * (router[i] ?? NaN));
    const sum = products.reduce((a, b) => a + b);
    const factor = Math.abs(row[stream] ?? NaN);
    const tolerance = tanhTolerance(normedDotTolerance(WIDTH, normOf(products), sum));
    return { off: factor * tolerance, product: factor * Math.abs(Math.tanh(sum)) };
  });
  return terms.reduce((sum, { off }) => sum + off, 0) + dotTolerance(4, normOf(terms.map(({ product }) => product)));
}

async function checkCoefficients(runner: KernelRunner, kernel: Kernel, seed: number, numOut: number) {
  const random = seededRandom(seed);
  const x = randomFloats(random, NUM_ROWS * WIDTH, 5);
  const [weight, map] = [randomFloats(random, WIDTH), randomFloats(random, numOut * 4)];
  const router = randomFloats(random, 4 * WIDTH, 30);
  const out = randomFloats(random, NUM_ROWS * 32);
  const params = packFields(COEFFICIENT_PARAMS, {
    num_words: WIDTH / 4,
    num_elements: WIDTH,
    num_out: numOut,
    out_stride: 32,
    eps: { f32: EPS },
  });
  const results = await runner.run(kernel, [params, x, weight, router, map, out], [COMPUTED, 1, 1]);
  const rows = Array.from({ length: 4 }, (_, i) => rowOf(router, i));
  const maps = Array.from({ length: numOut }, (_, i) => rowOf(map, i, 4));
  const expected = Array.from(out, (before, i): Expected => {
    const [row, column] = [Math.floor(i / 32), i % 32];
    if (row >= COMPUTED || column >= numOut) return exactly(before);
    const value = coefficientsRef(rowOf(x, row), weight, rows, maps, EPS)[column] ?? NaN;
    const routed = routedRef(rowOf(x, row), weight, EPS);
    return { value, tolerance: coefficientTolerance(routed, rows, rowOf(map, column, 4)) };
  });
  return differences(floats(results[5]), expected);
}

function streamsOf(words: Float32Array, streamRows: number, row: number): readonly Float32Array[] {
  return Array.from({ length: 4 }, (_, a) => rowOf(words, a * streamRows + row));
}

async function checkMix(runner: KernelRunner, kernel: Kernel, seed: number, kind: 'predict' | 'correct') {
  const random = seededRandom(seed);
  const streamRows = NUM_ROWS + 1;
  const input = randomFloats(random, 4 * streamRows * WIDTH, 10);
  const output = randomFloats(random, 4 * streamRows * WIDTH);
  const active = randomFloats(random, NUM_ROWS * WIDTH, 10);
  const k = randomFloats(random, NUM_ROWS * 32);
  const scale = randomFloats(random, WIDTH);
  const params = packFields(ALTUP_PARAMS, {
    num_words: WIDTH / 4,
    stream_words: (streamRows * WIDTH) / 4,
    coefficient_stride: 32,
  });
  const bindings =
    kind === 'predict' ? [STEP, params, input, k, output, active] : [STEP, params, input, k, scale, output, active];
  const results = await runner.run(kernel, bindings, [Math.ceil(WIDTH / 4 / 64), NUM_ROWS, 1]);
  const mixed = Array.from({ length: COMPUTED }, (_, row) => {
    const streams = streamsOf(input, streamRows, row);
    const coefficients = rowOf(k, row, 32);
    return kind === 'predict'
      ? predictRef(streams, coefficients)
      : correctRef(streams, rowOf(active, row), coefficients);
  });
  const at = (row: number, a: number, column: number): Expected => {
    const value = mixed[row]?.[a]?.[column] ?? NaN;
    const streams = streamsOf(input, streamRows, row).map((stream) => stream[column] ?? NaN);
    const own = streams[a] ?? NaN;
    if (kind === 'predict') {
      const products = streams.map((stream, c) => stream * (k[row * 32 + a * 4 + c] ?? NaN));
      return { value, tolerance: dotTolerance(5, normOf([own, ...products])) };
    }
    // A difference and a sum of two, rounded, before the product of both, which is rounded with the last sum.
    const change = (rowOf(active, row)[column] ?? NaN) - (streams[0] ?? NaN);
    const product = change * ((k[row * 32 + a] ?? NaN) + 1);
    return { value, tolerance: EPS32 * Math.abs(product) + addTolerance(own, product) };
  };
  const ofOutput = Array.from(output, (before, i): Expected => {
    const [a, row, column] = [Math.floor(i / WIDTH / streamRows), Math.floor(i / WIDTH) % streamRows, i % WIDTH];
    return row >= COMPUTED ? exactly(before) : at(row, a, column);
  });
  const ofActive = Array.from(active, (before, i): Expected => {
    const [row, column] = [Math.floor(i / WIDTH), i % WIDTH];
    if (row >= COMPUTED) return exactly(before);
    const first = at(row, 0, column);
    if (kind === 'predict') return first;
    const [factor, value] = [scale[column] ?? NaN, first.value * (scale[column] ?? NaN)];
    return { value, tolerance: first.tolerance * Math.abs(factor) + EPS32 * Math.abs(value) };
  });
  return [...differences(floats(results.at(-2)), ofOutput), ...differences(floats(results.at(-1)), ofActive)];
}

async function checkMatch(runner: KernelRunner, kernel: Kernel, seed: number, addToOut: boolean) {
  const random = seededRandom(seed);
  const [x, y] = [randomFloats(random, NUM_ROWS * WIDTH, 5), randomFloats(random, NUM_ROWS * WIDTH, 0.01)];
  const out = randomFloats(random, NUM_ROWS * WIDTH);
  const params = packFields(MATCH_PARAMS, { num_words: WIDTH / 4, add_to_out: addToOut ? 1 : 0, scale: { f32: 0.25 } });
  const results = await runner.run(kernel, [params, x, y, out], [COMPUTED, 1, 1]);
  const matched = Array.from({ length: COMPUTED }, (_, row) => matchLengthRef(rowOf(x, row), rowOf(y, row)));
  return differences(
    floats(results[3]),
    Array.from(out, (before, i): Expected => {
      const value = matched[Math.floor(i / WIDTH)]?.[i % WIDTH];
      if (value === undefined) return exactly(before);
      const sum = 0.25 * value + (addToOut ? before : 0);
      // Two sums of squares, and a quotient and a root of them: at most twice what one is off in a norm.
      const ofLength = 2 * rmsNormTolerance(WIDTH, 0.25 * value);
      return { value: sum, tolerance: ofLength + addTolerance(0.25 * value, addToOut ? before : 0) };
    }),
  );
}

async function checkSparsify(runner: KernelRunner, kernel: Kernel, seed: number) {
  const [width, stride] = [WIDTH - 20, WIDTH];
  const x = randomFloats(seededRandom(seed), NUM_ROWS * stride, 3).map((value) => value + 2);
  const factor = Math.fround(1.6448533535003662);
  const params = packFields(SPARSIFY_PARAMS, { num_elements: width, row_words: stride / 4, factor: { f32: factor } });
  const results = await runner.run(kernel, [params, x], [COMPUTED, 1, 1]);
  const tolerances = Array.from({ length: COMPUTED }, (_, row) => {
    const values = rowOf(x, row).subarray(0, width);
    const { mean, deviation } = momentsRef(values);
    const largest = Math.max(...values.map(Math.abs));
    // The mean, the deviation as the root in a norm, their sum, and the difference to it.
    const ofCut = meanTolerance(width, largest) + factor * rmsNormTolerance(width, deviation);
    return ofCut + addTolerance(mean, factor * deviation) + addTolerance(largest, mean + factor * deviation);
  });
  const sparse = Array.from({ length: COMPUTED }, (_, row) => sparsifyRef(rowOf(x, row).subarray(0, width), factor));
  expect(sparse.flatMap((row) => [...row]).some((value) => value > 0)).toBe(true);
  return differences(
    floats(results[1]),
    Array.from(x, (before, i): Expected => {
      const value = sparse[Math.floor(i / stride)]?.[i % stride];
      return value === undefined ? exactly(before) : { value, tolerance: tolerances[Math.floor(i / stride)] ?? NaN };
    }),
  );
}

describeOnAdapters((runner) => {
  it.for([4, 16])('altup_coefficients_f32: %i outputs, seed 71', async (numOut) => {
    expect(await checkCoefficients(runner(), altupCoefficients, 71, numOut)).toEqual([]);
  });
  it('altup_predict_f32: seed 72', async () => {
    expect(await checkMix(runner(), altupPredict, 72, 'predict')).toEqual([]);
  });
  it('altup_correct_f32: seed 73', async () => {
    expect(await checkMix(runner(), altupCorrect, 73, 'correct')).toEqual([]);
  });
  it.for([false, true])('match_length_f32: added %s, seed 74', async (addToOut) => {
    expect(await checkMatch(runner(), matchLength, 74, addToOut)).toEqual([]);
  });
  it('sparsify_f32: seed 75', async () => {
    expect(await checkSparsify(runner(), sparsify, 75)).toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['v * weight[i]', 'v'],
    ['params.eps) * n', 'params.eps)'],
    ['stream * words + i', 'i'],
    ['lane < params.num_out', 'lane <= params.num_out'],
  ])('finds a mistake planted in the coefficients: %s -> %s', async ([right, wrong]) => {
    expect(await checkCoefficients(runner(), planted(altupCoefficients, right, wrong), 71, 16)).not.toEqual([]);
  });

  it.for<readonly ['predict' | 'correct', string, string]>([
    ['predict', 'k + a * 4u + c', 'k + c * 4u + a'],
    ['predict', 'if (a == 0u)', 'if (a == 1u)'],
    ['correct', 'coefficients[k + a] + 1.0', 'coefficients[k + a]'],
    ['correct', '* scale[gid.x]', ''],
    ['correct', 'gid.y * params.coefficient_stride', '0u'],
  ])('finds a mistake planted in %s: %s -> %s', async ([kind, right, wrong]) => {
    const kernel = planted(kind === 'predict' ? altupPredict : altupCorrect, right, wrong);
    expect(await checkMix(runner(), kernel, kind === 'predict' ? 72 : 73, kind)).not.toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['squares_x / squares_y', 'squares_y / squares_x'],
    [' * params.scale', ''],
    ['v += out[from_word + i]', 'v = out[from_word + i]'],
  ])('finds a mistake planted in lengths: %s -> %s', async ([right, wrong]) => {
    expect(await checkMatch(runner(), planted(matchLength, right, wrong), 74, true)).not.toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['f32(params.num_elements - 1u)', 'f32(params.num_elements)'],
    ['fma(params.factor, ', 'fma(1.0, '],
    [', mean);', ', 0.0);'],
  ])('finds a mistake planted in the cut: %s -> %s', async ([right, wrong]) => {
    expect(await checkSparsify(runner(), planted(sparsify, right, wrong), 75)).not.toEqual([]);
  });
});
