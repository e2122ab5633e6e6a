/**
 * The checks of norms: a width that is no multiple of a group, values far beyond f16, all rows and the rows that want logits;
 * words behind the last row stay as they were. Runs nothing.
 */
import { paddedRowElements } from '../blocks/block-type.ts';
import type { Kernel } from '../kernel.ts';
import { LAYER_NORM_PARAMS, NORM_PARAMS, QK_NORM_PARAMS } from '../norm/norm.ts';
import { layerNormRef, rmsNormRef } from '../norm/norm.ref.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { plainCheck, type PlainRun } from './plain-check.ts';
import { addTolerance, exactly, layerNormTolerance, rmsNormTolerance, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED, type Random } from './values.ts';

const EPS = Math.fround(1e-5);
const WIDTH = 141;
const PADDED = paddedRowElements(WIDTH);
const NUM_ROWS = 3;
/** Of the rows that want logits, which one each output row is. */
const HEAD_ROWS = [2, 0, 1] as const;

interface NormRows {
  readonly x: Float32Array<ArrayBuffer>; // [NUM_ROWS, PADDED]
  readonly weight: Float32Array<ArrayBuffer>; // [PADDED]
  readonly row: (r: number) => Float32Array; // [WIDTH]
  readonly out: Float32Array<ArrayBuffer>; // [NUM_ROWS + 1, PADDED]
}

function padded(random: Random, scale: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(PADDED);
  out.set(randomFloats(random, WIDTH, scale));
  return out;
}

function rowsOf(seed: number): NormRows {
  const random = seededRandom(seed);
  const weight = padded(random, 1);
  const x = new Float32Array(NUM_ROWS * PADDED);
  // So large that squares exceed f16 by far, usual, and so small that eps counts.
  [1e5, 1, 1e-3].forEach((scale, r) => {
    x.set(padded(random, scale), r * PADDED);
  });
  const out = new Float32Array((NUM_ROWS + 1) * PADDED).fill(UNTOUCHED);
  return { x, weight, row: (r) => x.subarray(r * PADDED, r * PADDED + WIDTH), out };
}

export function rmsNormCheck(kernel: Kernel): KernelCheck {
  const { x, weight, row, out } = rowsOf(111);
  const run = (adds: boolean, sources: readonly number[]): PlainRun => {
    const params = packParams(
      NORM_PARAMS,
      { num_words: PADDED / 4, num_elements: WIDTH, head_rows: adds ? 1 : 0, eps: EPS, add_to_out: adds ? 1 : 0 },
      ['eps'],
    );
    const before = adds ? UNTOUCHED : 0;
    const expected = sources.flatMap((source) => [
      ...Array.from(rmsNormRef(row(source), weight, EPS), (value): Expected => ({
        value: value + before,
        tolerance: rmsNormTolerance(WIDTH, value) + (adds ? addTolerance(value, before) : 0),
      })),
      ...new Array<Expected>(PADDED - WIDTH).fill(exactly(before)),
    ]);
    return {
      bindings: [packStepRows(NUM_ROWS, 0), params, x, weight, Uint32Array.from(HEAD_ROWS), out],
      workgroups: [NUM_ROWS, 1, 1],
      outputs: [{ binding: 5, expected: [...expected, ...Array.from(out.subarray(expected.length), exactly)] }],
    };
  };
  return plainCheck(kernel, [run(false, [0, 1, 2]), run(true, HEAD_ROWS)]);
}

export function layerNormCheck(kernel: Kernel): KernelCheck {
  const { x, weight, row, out } = rowsOf(112);
  const bias = padded(seededRandom(113), 1);
  const run = (isHead: boolean, sources: readonly number[]): PlainRun => {
    const params = packParams(
      LAYER_NORM_PARAMS,
      { num_words: PADDED / 4, num_elements: WIDTH, head_rows: isHead ? 1 : 0, eps: EPS, has_bias: isHead ? 0 : 1 },
      ['eps'],
    );
    const expected = sources.flatMap((source) => {
      const normed = layerNormRef(row(source), weight, EPS);
      const sums = Array.from(normed.values, (value, i): Expected => {
        const b = isHead ? 0 : (bias[i] ?? NaN);
        return { value: value + b, tolerance: layerNormTolerance(WIDTH, normed, weight[i] ?? NaN, value, b) };
      });
      return [...sums, ...new Array<Expected>(PADDED - WIDTH).fill(exactly(0))];
    });
    return {
      bindings: [packStepRows(NUM_ROWS, 0), params, x, weight, bias, Uint32Array.from(HEAD_ROWS), out],
      workgroups: [NUM_ROWS, 1, 1],
      outputs: [{ binding: 6, expected: [...expected, ...Array.from(out.subarray(expected.length), exactly)] }],
    };
  };
  return plainCheck(kernel, [run(false, [0, 1, 2]), run(true, HEAD_ROWS)]);
}

/** Heads of queries, keys and values, of which the last have no weight; the row behind stays as it is. */
export function qkNormCheck(kernel: Kernel): KernelCheck {
  const [numQ, numK, headDim, numRows] = [3, 2, 20, 2];
  const numParts = numQ + 2 * numK;
  const stride = numParts * headDim + 8;
  const random = seededRandom(114);
  const weight = randomFloats(random, 2 * headDim);
  const qkv = randomFloats(random, (numRows + 1) * stride, 1e4);
  const words = headDim / 4;
  const params = packParams(
    QK_NORM_PARAMS,
    { num_q: numQ, num_k: numK, q_words: words, k_words: words, row_words: stride / 4, eps: EPS },
    ['eps'],
  );
  const expected: Expected[] = Array.from(qkv, exactly);
  for (let r = 0; r < numRows; r++) {
    for (let part = 0; part < numParts; part++) {
      const at = r * stride + part * headDim;
      const ofPart = part < numQ ? weight : weight.subarray(headDim);
      const weights = part >= numQ + numK ? new Float32Array(headDim).fill(1) : ofPart;
      rmsNormRef(qkv.subarray(at, at + headDim), weights, EPS).forEach((value, i) => {
        expected[at + i] = { value, tolerance: rmsNormTolerance(headDim, value) };
      });
    }
  }
  const outputs = [{ binding: 2, expected }];
  return plainCheck(kernel, [{ bindings: [params, weight, qkv], workgroups: [numParts, numRows, 1], outputs }]);
}
