/**
 * Cases of the matrix product for its tests: shapes, inputs from a seed, what the oracle expects of every word of the
 * output, and the dispatches that compute it. It runs nothing.
 */
import { paddedRowElements, type BlockType } from '../blocks/block-type.ts';
import { planesOf, randomRows, rowElementsNear } from '../vectors/blocks.ts';
import { dequantizeRows } from '../blocks/dequantize.ref.ts';
import { addTolerance, dotTolerance, exactly, type Expected } from '../vectors/tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';
import { linearRef } from '../linear/linear.ref.ts';
import { dequantiseRowsRef, quantiseRowsRef, type Int8Rows } from '../quantise/quantise.ref.ts';

export interface LinearCase {
  /** Rows of either class; with `headRows` the rows that want logits, among more rows of the batch. */
  readonly numPrompt: number;
  readonly numGenerated: number;
  readonly numOut: number;
  /** Rounded to what the type can have. */
  readonly rowElements: number;
  /** First rows of the shards. */
  readonly shards?: readonly number[];
  readonly outOffset?: number;
  /** Outputs from `at` on go `gap` columns further; without shards. */
  readonly split?: { readonly at: number; readonly gap: number };
  readonly addToOut?: boolean;
  readonly bias?: boolean;
  readonly headRows?: boolean;
  readonly xScale?: number;
  /** Rows are rounded to signed bytes before they are multiplied. */
  readonly int8?: boolean;
}

/** Primes, single rows, sizes beside the tiles' (32 x 64; 4 rows, 2 or 64 outputs), values far beyond f16. */
export const LINEAR_CASES: readonly LinearCase[] = [
  { numPrompt: 1, numGenerated: 1, numOut: 1, rowElements: 1 },
  { numPrompt: 2, numGenerated: 5, numOut: 64, rowElements: 45, addToOut: true },
  {
    numPrompt: 33,
    numGenerated: 2,
    numOut: 67,
    rowElements: 287,
    bias: true,
    outOffset: 5,
    split: { at: 29, gap: 3 },
    xScale: 1e5,
  },
  {
    numPrompt: 13,
    numGenerated: 7,
    numOut: 131,
    rowElements: 1057,
    shards: [0, 64, 77],
    outOffset: 3,
    addToOut: true,
    bias: true,
    headRows: true,
  },
];

export interface LinearShard {
  readonly quants: Uint32Array<ArrayBuffer>;
  readonly scales: Uint32Array<ArrayBuffer>;
  readonly numGroups: number;
  readonly firstRow: number;
  readonly numRows: number;
}

export interface LinearInputs {
  readonly shards: readonly LinearShard[];
  readonly x: Float32Array<ArrayBuffer>; // [rows, padded K]
  /** The same rounded, with `int8` the ones that are multiplied. */
  readonly rounded: Int8Rows; // [rows, padded K]
  readonly bias: Float32Array<ArrayBuffer>; // [outStride]
  readonly out: Float32Array<ArrayBuffer>; // [rows, outStride] before
  readonly outStride: number;
  /** Every word of `out` when the rows from `first` on, `count` of them, have been computed. */
  expected(first: number, count: number): readonly Expected[];
}

export function linearInputs(type: BlockType, seed: number, one: LinearCase): LinearInputs {
  const random = seededRandom(seed);
  const { numOut, outOffset = 0, split = { at: numOut, gap: 0 } } = one;
  const width = rowElementsNear(type, one.rowElements);
  const padded = paddedRowElements(width);
  const numRows = one.numPrompt + one.numGenerated;
  const outStride = outOffset + numOut + split.gap + 2;
  const raw = randomRows(type, numOut, width, random, 12);
  const exact = randomFloats(random, numRows * width, one.xScale ?? 1);
  const x = new Float32Array(numRows * padded);
  for (let r = 0; r < numRows; r++) x.set(exact.subarray(r * width, (r + 1) * width), r * padded);
  const bias = randomFloats(random, outStride, one.xScale ?? 1);
  const out =
    one.addToOut === true
      ? randomFloats(random, numRows * outStride)
      : new Float32Array(numRows * outStride).fill(UNTOUCHED);
  const rounded = quantiseRowsRef(x);
  const multiplied = one.int8 === true ? unpadded(dequantiseRowsRef(rounded), width, padded) : exact;
  const products = linearRef(multiplied, dequantizeRows(type, raw, numOut, width), numRows, numOut);
  const firsts = one.shards ?? [0];
  const rowBytes = raw.length / numOut;
  return {
    x,
    rounded,
    bias,
    out,
    outStride,
    shards: firsts.map((firstRow, i) => {
      const end = firsts[i + 1] ?? numOut;
      const planes = planesOf(type, raw.slice(firstRow * rowBytes, end * rowBytes), end - firstRow, width);
      return { ...planes, firstRow, numRows: end - firstRow };
    }),
    expected: (first, count) =>
      Array.from(out, (before, i) => {
        const [row, column] = [Math.floor(i / outStride), (i % outStride) - outOffset];
        const n = column < split.at ? column : Math.max(split.at - 1, column - split.gap);
        const isComputed = row >= first && row < first + count && n >= 0 && n < numOut;
        const isInGap = column >= split.at && column < split.at + split.gap;
        const product = products[row * numOut + n];
        if (!isComputed || isInGap || product === undefined) return exactly(before);
        const added = (one.bias === true ? (bias[i % outStride] ?? NaN) : 0) + (one.addToOut === true ? before : 0);
        const value = product.value + added;
        return { value, tolerance: dotTolerance(width, product.norm) + 2 * addTolerance(value, added) };
      }),
  };
}

/** Rows of `padded` elements cut to `width`. */
function unpadded(rows: Float64Array, width: number, padded: number): Float64Array {
  return rows.filter((_, i) => i % padded < width);
}
