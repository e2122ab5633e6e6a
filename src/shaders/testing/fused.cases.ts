/**
 * Cases of the fused products of generated rows for their tests: norm + product, gate and up + SwiGLU, and both. Shapes,
 * inputs from a seed, and what the oracle expects of every word of the output. It runs nothing.
 */
import { paddedRowElements, type BlockType } from '../blocks/block-type.ts';
import { dequantizeRows } from '../blocks/dequantize.ref.ts';
import type { Activation } from '../elementwise/activation.ts';
import { gatedMulRef } from '../elementwise/gated-mul.ref.ts';
import { linearRef, type Product } from '../linear/linear.ref.ts';
import { rmsNormRef } from '../norm/norm.ref.ts';
import { planesOf, randomRows, rowElementsNear } from '../vectors/blocks.ts';
import type { LinearShard } from './linear.cases.ts';
import {
  addTolerance,
  dotTolerance,
  exactly,
  gatedTolerance,
  normedDotTolerance,
  type Expected,
} from '../vectors/tolerance.ts';
import { randomFloats, seededRandom, shuffled, UNTOUCHED } from './values.ts';

export interface FusedOp {
  readonly normed: boolean;
  readonly gated: boolean;
  /** Of gated ones; default: silu. */
  readonly activation?: Activation;
}

export interface FusedCase {
  readonly numPrompt: number;
  readonly numGenerated: number;
  /** Outputs a row; with `gated` there are twice as many rows of weights. */
  readonly numOut: number;
  /** Rounded to what the type can have. */
  readonly rowElements: number;
  /** First outputs of the shards. */
  readonly shards?: readonly number[];
  readonly outOffset?: number;
  readonly bias?: boolean;
  /** Rows that want logits, scattered through a longer batch; not with `gated`. */
  readonly headRows?: boolean;
  readonly xScale?: number;
  /** The row that is all zero: only eps keeps its norm finite. */
  readonly zeroRow?: number;
}

/** Primes, single rows, sizes beside the kernels' (4 rows, 2 or 64 outputs, 32 lanes of 32), rows far beyond f16. */
export const FUSED_CASES: readonly FusedCase[] = [
  { numPrompt: 1, numGenerated: 1, numOut: 1, rowElements: 1 },
  { numPrompt: 2, numGenerated: 5, numOut: 64, rowElements: 45, xScale: 1e5, headRows: true },
  { numPrompt: 3, numGenerated: 2, numOut: 67, rowElements: 287, bias: true, outOffset: 5, zeroRow: 4 },
  { numPrompt: 0, numGenerated: 7, numOut: 70, rowElements: 1057, shards: [0, 36, 62], outOffset: 3, bias: true },
];

export const EPS = Math.fround(1e-5);

export interface FusedInputs {
  readonly shards: readonly (LinearShard & { readonly numOut: number })[];
  readonly numElements: number;
  readonly x: Float32Array<ArrayBuffer>; // [rows of the batch, padded K]
  readonly normWeight: Float32Array<ArrayBuffer>; // [padded K]
  readonly rowIndex: Uint32Array<ArrayBuffer>; // [rows] rows of x
  readonly bias: Float32Array<ArrayBuffer>; // [outStride], with `gated` twice that
  readonly out: Float32Array<ArrayBuffer>; // [rows, outStride] before
  readonly outStride: number;
  readonly expected: readonly Expected[];
}

export function fusedInputs(type: BlockType, seed: number, op: FusedOp, one: FusedCase): FusedInputs {
  const random = seededRandom(seed);
  const { numOut, outOffset = 0, shards: firsts = [0], headRows = false } = one;
  const width = rowElementsNear(type, one.rowElements);
  const padded = paddedRowElements(width);
  const numRows = one.numPrompt + one.numGenerated;
  const isScattered = headRows && op.normed;
  const numSources = isScattered ? numRows + 3 : numRows;
  const x = new Float32Array(numSources * padded);
  for (let r = 0; r < numSources; r++) {
    if (r !== one.zeroRow) x.set(randomFloats(random, width, op.normed ? one.xScale : 1), r * padded);
  }
  const normWeight = new Float32Array(padded);
  normWeight.set(randomFloats(random, width));
  const rowIndex = Uint32Array.from(shuffled(random, numSources).slice(0, numRows));
  const outStride = outOffset + numOut + 2;
  const bias = randomFloats(random, (op.gated ? 2 : 1) * outStride);
  const raws = Array.from({ length: op.gated ? 2 : 1 }, () => randomRows(type, numOut, width, random, 12));
  const sources = Array.from({ length: numRows }, (_, m) => {
    const at = (isScattered ? (rowIndex[m] ?? NaN) : m) * padded;
    const row = x.subarray(at, at + width);
    return op.normed ? rmsNormRef(row, normWeight, EPS) : Float64Array.from(row);
  });
  const rows = Float64Array.from(sources.flatMap((row) => [...row]));
  const sums = raws.map((raw) => linearRef(rows, dequantizeRows(type, raw, numOut, width), numRows, numOut));
  const out = new Float32Array(numRows * outStride).fill(UNTOUCHED);
  const expected = Array.from(out, (before, i): Expected => {
    const [m, n] = [Math.floor(i / outStride), (i % outStride) - outOffset];
    if (m < one.numPrompt || n < 0 || n >= numOut) return exactly(before);
    const [first, second] = sums.map((products, half) => {
      const b = one.bias === true ? (bias[half * outStride + outOffset + n] ?? NaN) : 0;
      return withBias(products[m * numOut + n], b, width, op.normed);
    });
    if (first === undefined) throw new Error('no product');
    if (second === undefined) return first;
    const { activation = 'silu' } = op;
    const value = gatedMulRef(activation, first.value, second.value);
    return { value, tolerance: gatedTolerance(activation, first, second, value) };
  });
  const shards = firsts.map((firstRow, i) => shardOf(type, raws, numOut, width, firstRow, firsts[i + 1] ?? numOut));
  return { shards, numElements: width, x, normWeight, rowIndex, bias, out, outStride, expected };
}

function withBias(product: Product | undefined, bias: number, width: number, normed: boolean): Expected {
  if (product === undefined) throw new Error('no product');
  const value = product.value + bias;
  const tolerance = normed ? normedDotTolerance(width, product.norm, product.value) : dotTolerance(width, product.norm);
  return { value, tolerance: tolerance + addTolerance(value, bias) };
}

/** Outputs `first` to `end`: their rows of each tensor, one tensor's behind the other's. */
function shardOf(
  type: BlockType,
  raws: readonly Uint8Array[],
  numOut: number,
  width: number,
  first: number,
  end: number,
): LinearShard & { readonly numOut: number } {
  const parts = raws.map((raw) => raw.slice((first * raw.length) / numOut, (end * raw.length) / numOut));
  const stacked = Uint8Array.from(parts.flatMap((part) => [...part]));
  const numRows = raws.length * (end - first);
  return { ...planesOf(type, stacked, numRows, width), firstRow: first, numRows, numOut: end - first };
}
