/**
 * The checks of AltUp's kernels and of what else Gemma 3n has of its own; rows that are none of the step, and padding, keep what they
 * hold. Runs nothing.
 */
import {
  coefficientsRef,
  correctRef,
  matchLengthRef,
  momentsRef,
  predictRef,
  routedRef,
  sparsifyRef,
} from '../altup/altup.ref.ts';
import { ALTUP_PARAMS, COEFFICIENT_PARAMS, MATCH_PARAMS, SPARSIFY_PARAMS } from '../altup/altup.ts';
import type { Kernel } from '../kernel.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { plainCheck, type PlainRun } from './plain-check.ts';
import {
  addTolerance,
  dotTolerance,
  EPS32,
  exactly,
  meanTolerance,
  normedDotTolerance,
  rmsNormTolerance,
  tanhTolerance,
  type Expected,
} from './tolerance.ts';
import { randomFloats, seededRandom } from './values.ts';

const WIDTH = 224;
/** One row more than is computed lies in every buffer, and one between two streams. */
const [COMPUTED, NUM_ROWS, STREAM_ROWS] = [2, 3, 4];
const EPS = Math.fround(1e-6);
const COEFFICIENTS = 32;

const rowOf = (words: Float32Array, row: number, width = WIDTH) => words.subarray(row * width, (row + 1) * width);
const normOf = (values: readonly number[]) => Math.hypot(...values);
const step = () => packStepRows(1, COMPUTED - 1);

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

export function coefficientsCheck(kernel: Kernel): KernelCheck {
  return plainCheck(kernel, [4, 16].map(coefficientsRun));
}

function coefficientsRun(numOut: number): PlainRun {
  const random = seededRandom(71);
  const x = randomFloats(random, NUM_ROWS * WIDTH, 5);
  const [weight, map] = [randomFloats(random, WIDTH), randomFloats(random, numOut * 4)];
  const router = randomFloats(random, 4 * WIDTH, 30);
  const out = randomFloats(random, NUM_ROWS * COEFFICIENTS);
  const params = packParams(
    COEFFICIENT_PARAMS,
    { num_words: WIDTH / 4, num_elements: WIDTH, num_out: numOut, out_stride: COEFFICIENTS, eps: EPS },
    ['eps'],
  );
  const rows = Array.from({ length: 4 }, (_, i) => rowOf(router, i));
  const maps = Array.from({ length: numOut }, (_, i) => rowOf(map, i, 4));
  const values = Array.from({ length: COMPUTED }, (_, row) => coefficientsRef(rowOf(x, row), weight, rows, maps, EPS));
  const routed = Array.from({ length: COMPUTED }, (_, row) => routedRef(rowOf(x, row), weight, EPS));
  const expected = Array.from(out, (before, i): Expected => {
    const [row, column] = [Math.floor(i / COEFFICIENTS), i % COEFFICIENTS];
    if (row >= COMPUTED || column >= numOut) return exactly(before);
    const tolerance = coefficientTolerance(routed[row] ?? [], rows, rowOf(map, column, 4));
    return { value: values[row]?.[column] ?? NaN, tolerance };
  });
  return {
    bindings: [params, x, weight, router, map, out],
    workgroups: [COMPUTED, 1, 1],
    outputs: [{ binding: 5, expected }],
  };
}

function streamsOf(words: Float32Array, row: number): readonly Float32Array[] {
  return Array.from({ length: 4 }, (_, a) => rowOf(words, a * STREAM_ROWS + row));
}

function mixInputs(seed: number) {
  const random = seededRandom(seed);
  return {
    input: randomFloats(random, 4 * STREAM_ROWS * WIDTH, 10),
    output: randomFloats(random, 4 * STREAM_ROWS * WIDTH),
    active: randomFloats(random, NUM_ROWS * WIDTH, 10),
    k: randomFloats(random, NUM_ROWS * COEFFICIENTS),
    scale: randomFloats(random, WIDTH),
    params: packParams(
      ALTUP_PARAMS,
      { num_words: WIDTH / 4, stream_words: (STREAM_ROWS * WIDTH) / 4, coefficient_stride: COEFFICIENTS },
      [],
    ),
    workgroups: [Math.ceil(WIDTH / 4 / 64), NUM_ROWS, 1] as const,
  };
}

type At = (row: number, stream: number, column: number) => Expected;

/** Of all streams: the rows of the step from `at`, those behind them as they were. */
function mixExpected(output: Float32Array, at: At): readonly Expected[] {
  return Array.from(output, (before, i): Expected => {
    const [a, row, column] = [Math.floor(i / WIDTH / STREAM_ROWS), Math.floor(i / WIDTH) % STREAM_ROWS, i % WIDTH];
    return row >= COMPUTED ? exactly(before) : at(row, a, column);
  });
}

export function predictCheck(kernel: Kernel): KernelCheck {
  const { input, output, active, k, params, workgroups } = mixInputs(72);
  const mixed = Array.from({ length: COMPUTED }, (_, row) =>
    predictRef(streamsOf(input, row), rowOf(k, row, COEFFICIENTS)),
  );
  const at: At = (row, a, column) => {
    const streams = streamsOf(input, row).map((stream) => stream[column] ?? NaN);
    const products = streams.map((stream, c) => stream * (k[row * COEFFICIENTS + a * 4 + c] ?? NaN));
    return {
      value: mixed[row]?.[a]?.[column] ?? NaN,
      tolerance: dotTolerance(5, normOf([streams[a] ?? NaN, ...products])),
    };
  };
  const ofActive = Array.from(active, (before, i): Expected => {
    const row = Math.floor(i / WIDTH);
    return row >= COMPUTED ? exactly(before) : at(row, 0, i % WIDTH);
  });
  return plainCheck(kernel, [
    {
      bindings: [step(), params, input, k, output, active],
      workgroups,
      outputs: [
        { binding: 4, expected: mixExpected(output, at) },
        { binding: 5, expected: ofActive },
      ],
    },
  ]);
}

export function correctCheck(kernel: Kernel): KernelCheck {
  const { input, output, active, k, scale, params, workgroups } = mixInputs(73);
  const mixed = Array.from({ length: COMPUTED }, (_, row) =>
    correctRef(streamsOf(input, row), rowOf(active, row), rowOf(k, row, COEFFICIENTS)),
  );
  const at: At = (row, a, column) => {
    // A difference and a sum of two, rounded, before the product of both, which is rounded with the last sum.
    const streams = streamsOf(input, row).map((stream) => stream[column] ?? NaN);
    const change = (rowOf(active, row)[column] ?? NaN) - (streams[0] ?? NaN);
    const product = change * ((k[row * COEFFICIENTS + a] ?? NaN) + 1);
    const rounded = addTolerance(1, k[row * COEFFICIENTS + a] ?? NaN) * Math.abs(change);
    const tolerance = rounded + EPS32 * Math.abs(product) + addTolerance(streams[a] ?? NaN, product);
    return { value: mixed[row]?.[a]?.[column] ?? NaN, tolerance };
  };
  const ofActive = Array.from(active, (before, i): Expected => {
    const [row, column] = [Math.floor(i / WIDTH), i % WIDTH];
    if (row >= COMPUTED) return exactly(before);
    const first = at(row, 0, column);
    const [factor, value] = [scale[column] ?? NaN, first.value * (scale[column] ?? NaN)];
    return { value, tolerance: first.tolerance * Math.abs(factor) + EPS32 * Math.abs(value) };
  });
  return plainCheck(kernel, [
    {
      bindings: [step(), params, input, k, scale, output, active],
      workgroups,
      outputs: [
        { binding: 5, expected: mixExpected(output, at) },
        { binding: 6, expected: ofActive },
      ],
    },
  ]);
}

export function matchLengthCheck(kernel: Kernel): KernelCheck {
  const random = seededRandom(74);
  const [x, y] = [randomFloats(random, NUM_ROWS * WIDTH, 5), randomFloats(random, NUM_ROWS * WIDTH, 0.01)];
  const out = randomFloats(random, NUM_ROWS * WIDTH);
  const matched = Array.from({ length: COMPUTED }, (_, row) => matchLengthRef(rowOf(x, row), rowOf(y, row)));
  const run = (adds: boolean): PlainRun => {
    const params = packParams(MATCH_PARAMS, { num_words: WIDTH / 4, add_to_out: adds ? 1 : 0, scale: 0.25 }, ['scale']);
    const expected = Array.from(out, (before, i): Expected => {
      const value = matched[Math.floor(i / WIDTH)]?.[i % WIDTH];
      if (value === undefined) return exactly(before);
      const added = adds ? before : 0;
      // Two sums of squares, and a quotient and a root of them: at most twice what one is off in a norm.
      const ofLength = 2 * rmsNormTolerance(WIDTH, 0.25 * value);
      return { value: 0.25 * value + added, tolerance: ofLength + addTolerance(0.25 * value, added) };
    });
    return { bindings: [params, x, y, out], workgroups: [COMPUTED, 1, 1], outputs: [{ binding: 3, expected }] };
  };
  return plainCheck(kernel, [run(false), run(true)]);
}

export function sparsifyCheck(kernel: Kernel): KernelCheck {
  const [width, stride] = [WIDTH - 20, WIDTH];
  const x = randomFloats(seededRandom(75), NUM_ROWS * stride, 3).map((value) => value + 2);
  const factor = Math.fround(1.6448533535003662);
  const params = packParams(SPARSIFY_PARAMS, { num_elements: width, row_words: stride / 4, factor }, ['factor']);
  const rows = Array.from({ length: COMPUTED }, (_, row) => {
    const values = rowOf(x, row).subarray(0, width);
    const { mean, deviation } = momentsRef(values);
    const largest = Math.max(...values.map(Math.abs));
    // The mean, the deviation as the root in a norm, their sum, and the difference to it.
    const ofCut = meanTolerance(width, largest) + factor * rmsNormTolerance(width, deviation);
    const rounding = addTolerance(mean, factor * deviation) + addTolerance(largest, mean + factor * deviation);
    return { sparse: sparsifyRef(values, factor), tolerance: ofCut + rounding };
  });
  const expected = Array.from(x, (before, i): Expected => {
    const { sparse, tolerance = NaN } = rows[Math.floor(i / stride)] ?? {};
    const value = sparse?.[i % stride];
    return value === undefined ? exactly(before) : { value, tolerance };
  });
  return plainCheck(kernel, [
    { bindings: [params, x], workgroups: [COMPUTED, 1, 1], outputs: [{ binding: 1, expected }] },
  ]);
}
