/**
 * The check of a matrix product's kernel: sizes that are no multiple of any tile, values far beyond f16, every output and
 * every word beside the outputs against the f64 oracle, and the bits of a row among 1, 2, 5, 16 and more rows.
 * Products in int8 get rows that were rounded, and are held against exact products of those.
 * Rows of x repeat after seven, a number that no tile shares, so that the oracle computes seven rows and a row that is
 * read in the place of another still shows. Runs nothing.
 */
import { paddedRowElements } from '../blocks/block-type.ts';
import { dequantizeRows } from '../blocks/dequantize.ref.ts';
import type { Activation } from '../elementwise/activation.ts';
import { gatedMulRef } from '../elementwise/gated-mul.ref.ts';
import { linearRef, type Product } from '../linear/linear.ref.ts';
import { int8GemmWorkgroups, int8GemvWorkgroups } from '../linear/int8.ts';
import { gemmWorkgroups, gemvWorkgroups, LINEAR_PARAMS, type Workgroups } from '../linear/linear.ts';
import { rmsNormRef } from '../norm/norm.ref.ts';
import { dequantiseRowsRef, quantiseRowsRef } from '../quantise/quantise.ref.ts';
import type { Subject } from '../variants.ts';
import { planesOf, randomRows, rowElementsNear, type Planes } from './blocks.ts';
import {
  firstDifferingRow,
  onlyOutputs,
  packParams,
  packStepRows,
  type CheckProblem,
  type CheckRun,
  type KernelCheck,
  whatIsOff,
  type Words,
} from './check.ts';
import { addTolerance, dotTolerance, exactly, gatedTolerance, normedDotTolerance, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';

export type LinearSubject = Extract<Subject, { op: 'gemm' | 'gemv' | 'gated' | 'gemmInt8' | 'gemvInt8' }>;

const SEED = 81;
/** Rows of x that differ. */
const PERIOD = 7;
const EPS = Math.fround(1e-5);
const OUT_OFFSET = 5;
/** Outputs from `at` on go `gap` columns further; of kernels that are not gated. */
const SPLIT = { at: 9, gap: 3 };
/** Rows of the other class before generated ones. */
const NUM_OTHER = 3;
/** More than a tile of prompt rows, and the numbers of rows among which the bits of a row must be the same. */
const GEMM_ROWS = [37, 1, 2, 5, 16] as const;
const GEMV_ROWS = [16, 1, 2, 5] as const;
const OUTPUT_BINDING = 6;

/** Which rows of the batch a run computes, and from which row of x. */
interface Rows {
  readonly first: number;
  readonly count: number;
  readonly source: (row: number) => number;
}

interface Vectors {
  readonly numRows: number;
  readonly numOut: number;
  readonly width: number;
  readonly outStride: number;
  readonly planes: Planes;
  /** The bindings of x [numRows, padded K], repeating: f32, or bytes and scales. */
  readonly x: readonly [Words, ...Words[]];
  readonly normWeight: Float32Array<ArrayBuffer>; // [padded K]
  readonly bias: Float32Array<ArrayBuffer>; // [outStride], with gate and up twice that
  readonly out: Float32Array<ArrayBuffer>; // [numRows, outStride] before, repeating
  /** Of the seven rows, computed. */
  readonly expected: readonly (readonly Expected[])[]; // [PERIOD][outStride]
}

export function linearCheck(subject: LinearSubject): KernelCheck {
  const vectors = linearVectors(subject);
  const rows = rowsOfRuns(subject, vectors.numRows);
  return {
    kernel: subject.kernel,
    outputs: [OUTPUT_BINDING],
    runs: rows.map((some, i) => runOf(subject, vectors, some, isScattered(subject, i))),
    verify: (outputs) => verify(vectors, rows, onlyOutputs(outputs)),
  };
}

export function isPrompt({ op }: LinearSubject): boolean {
  return op === 'gemm' || op === 'gemmInt8';
}

export function isNormed(subject: LinearSubject): boolean {
  return (subject.op === 'gemv' || subject.op === 'gated') && subject.input === 'normed';
}

export function isInt8({ op }: LinearSubject): boolean {
  return op === 'gemmInt8' || op === 'gemvInt8';
}

/** Products that norm their input read the rows that want logits, scattered through the batch: their last run. */
function isScattered(subject: LinearSubject, run: number): boolean {
  return subject.op === 'gemv' && isNormed(subject) && run === GEMV_ROWS.length;
}

function rowsOfRuns(subject: LinearSubject, numRows: number): readonly Rows[] {
  const inPlace = (first: number, count: number): Rows => ({ first, count, source: (row) => row });
  if (isPrompt(subject)) return GEMM_ROWS.map((count) => inPlace(0, count));
  const all = GEMV_ROWS.map((count) => inPlace(NUM_OTHER, count));
  if (!isScattered(subject, GEMV_ROWS.length)) return all;
  return [...all, { first: NUM_OTHER, count: GEMV_ROWS[0], source: (row) => scattered(row, numRows) }];
}

function scattered(row: number, numRows: number): number {
  return (row * 5 + 3) % numRows;
}

/** Where output `n` goes in a row. */
function columnOf(subject: LinearSubject, n: number): number {
  return OUT_OFFSET + n + (subject.op !== 'gated' && n >= SPLIT.at ? SPLIT.gap : 0);
}

function linearVectors(subject: LinearSubject): Vectors {
  const random = seededRandom(SEED);
  const { op, type } = subject;
  const normed = isNormed(subject);
  const isWide = subject.variant === 'lanes' || subject.variant === 'subgroups'; // 32 groups of 32 a pass, two outputs
  const numOut = isWide ? 13 : 67;
  const width = rowElementsNear(type, isWide ? 1200 : 500);
  const padded = paddedRowElements(width);
  const numRows = isPrompt(subject) ? GEMM_ROWS[0] : NUM_OTHER + GEMV_ROWS[0];
  const outStride = OUT_OFFSET + numOut + SPLIT.gap + 2;
  const raws = Array.from({ length: op === 'gated' ? 2 : 1 }, () => randomRows(type, numOut, width, random, 12));
  const base = Array.from({ length: PERIOD }, () => randomFloats(random, width, op === 'gated' && !normed ? 1 : 1e5));
  const normWeight = new Float32Array(padded);
  normWeight.set(randomFloats(random, width));
  // Of the size of the sums, or they would drown in them.
  const addedScale = op === 'gated' || normed ? 1 : 1e5;
  const bias = randomFloats(random, raws.length * outStride, addedScale);
  const adds = addsToOut(subject);
  const before = Array.from({ length: PERIOD }, () =>
    adds ? randomFloats(random, outStride, addedScale) : new Float32Array(outStride).fill(UNTOUCHED),
  );
  const x = repeated(base, numRows, padded);
  const rounded = isInt8(subject) ? quantiseRowsRef(x) : undefined;
  const multiplied = rounded === undefined ? x : dequantiseRowsRef(rounded);
  const inputs = base.map((row, m) =>
    normed ? rmsNormRef(row, normWeight, EPS) : Float64Array.from(multiplied.subarray(m * padded, m * padded + width)),
  );
  const rows = Float64Array.from(inputs.flatMap((row) => [...row]));
  const products = raws.map((raw) => linearRef(rows, dequantizeRows(type, raw, numOut, width), PERIOD, numOut));
  const expected = before.map((row, m) => {
    const list = Array.from(row, exactly);
    for (let n = 0; n < numOut; n++) {
      const column = columnOf(subject, n);
      const sums = products.map((list, half) =>
        sumOf(list[m * numOut + n], bias[half * outStride + column] ?? NaN, width, normed),
      );
      list[column] = finished(
        sums,
        adds ? (row[column] ?? NaN) : undefined,
        subject.op === 'gated' ? subject.activation : 'silu',
      );
    }
    return list;
  });
  const stacked = Uint8Array.from(raws.flatMap((raw) => [...raw]));
  return {
    numRows,
    numOut,
    width,
    outStride,
    planes: planesOf(type, stacked, raws.length * numOut, width),
    x: rounded === undefined ? [x] : [new Uint32Array(rounded.quants.buffer), rounded.scales],
    normWeight,
    bias,
    out: repeated(before, numRows, outStride),
    expected,
  };
}

/** As `o` and `down` do, which add to the residual stream. */
function addsToOut(subject: LinearSubject): boolean {
  return subject.op !== 'gated' && !isNormed(subject);
}

function sumOf(product: Product | undefined, bias: number, width: number, isNormed: boolean): Expected {
  const { value, norm } = product ?? { value: NaN, norm: NaN };
  const tolerance = isNormed ? normedDotTolerance(width, norm, value) : dotTolerance(width, norm);
  return { value: value + bias, tolerance: tolerance + addTolerance(value + bias, bias) };
}

function finished([sum, up]: readonly Expected[], before: number | undefined, activation: Activation): Expected {
  const { value, tolerance } = sum ?? { value: NaN, tolerance: 0 };
  if (up !== undefined) {
    const activated = gatedMulRef(activation, value, up.value);
    return { value: activated, tolerance: gatedTolerance(activation, { value, tolerance }, up, activated) };
  }
  if (before === undefined) return { value, tolerance };
  return { value: value + before, tolerance: tolerance + 2 * addTolerance(value + before, before) };
}

/** [numRows, pitch], row r being that of r modulo the period, zeros behind it. */
function repeated(base: readonly Float32Array[], numRows: number, pitch: number): Float32Array<ArrayBuffer> {
  const all = new Float32Array(numRows * pitch);
  for (let r = 0; r < numRows; r++) all.set(base[r % PERIOD] ?? [], r * pitch);
  return all;
}

function runOf(subject: LinearSubject, vectors: Vectors, { first, count }: Rows, isHead: boolean): CheckRun {
  const { planes, numOut, numRows, outStride, x, bias, out, normWeight } = vectors;
  const isGated = subject.op === 'gated';
  const params = packParams(
    LINEAR_PARAMS,
    {
      num_groups: planes.numGroups,
      num_out: isGated ? 2 * numOut : numOut,
      x_stride: planes.numGroups * 32,
      out_stride: outStride,
      out_offset: OUT_OFFSET,
      head_rows: isHead ? 1 : 0,
      add_to_out: addsToOut(subject) ? 1 : 0,
      has_bias: 1,
      split_at: isGated ? numOut : SPLIT.at,
      split_gap: isGated ? outStride - numOut : SPLIT.gap,
      num_elements: vectors.width,
      eps: EPS,
    },
    ['eps'],
  );
  const step = isPrompt(subject) ? packStepRows(count, 0) : packStepRows(first, count);
  const [words, ...others] = x;
  const bindings = [planes.quants, planes.scales, step, params, words, bias, out, ...others];
  const rowIndex = Uint32Array.from({ length: numRows }, (_, row) => scattered(row, numRows));
  return {
    bindings: isNormed(subject) ? [...bindings, normWeight, rowIndex] : bindings,
    workgroups: gridOf(subject, count, numOut),
  };
}

export function gridOf(subject: LinearSubject, count: number, numOut: number): Workgroups {
  switch (subject.op) {
    case 'gemm':
      return gemmWorkgroups(count, numOut, subject.variant);
    case 'gemmInt8':
      return int8GemmWorkgroups(subject.variant, count, numOut);
    case 'gemvInt8':
      return int8GemvWorkgroups(subject.variant, count, numOut);
    case 'gemv':
    case 'gated':
      return gemvWorkgroups(subject.variant, count, numOut);
  }
}

function verify(vectors: Vectors, runs: readonly Rows[], outputs: readonly Float32Array[]): CheckProblem | undefined {
  const { numRows, outStride, out, expected } = vectors;
  for (const [i, { first, count, source }] of runs.entries()) {
    const words = Array.from(out, exactly);
    for (let row = first; row < first + count; row++) {
      words.splice(row * outStride, outStride, ...(expected[source(row) % PERIOD] ?? []));
    }
    const found = whatIsOff((outputs[i] ?? out).subarray(0, numRows * outStride), words);
    if (found !== undefined) return { kind: 'wrong', detail: `${found}, ${String(count)} rows` };
  }
  const [all = out] = outputs;
  const [whole] = runs;
  if (whole === undefined) return undefined;
  const { first, count } = whole;
  for (const [i, { first: from, count: some, source }] of runs.entries()) {
    // The row of the first run that was computed from the same row of x.
    const pairs = Array.from({ length: some }, (_, r): readonly [number, number] => {
      const residue = source(from + r) % PERIOD;
      for (let row = first; row < first + count; row++) if (row % PERIOD === residue) return [from + r, row];
      return [from + r, first];
    });
    const row = firstDifferingRow(outputs[i] ?? out, all, outStride, pairs);
    if (row !== undefined) {
      return { kind: 'unsteady', detail: `row ${String(row)} has other bits among ${String(some)} rows` };
    }
  }
  return undefined;
}
