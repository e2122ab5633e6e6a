/**
 * The check of products with stacked matrices of experts: gate and up together, shards that begin and end in the middle of an expert,
 * rows whose experts have x in common or not, an expert that most rows take and ones that few do. Rows of x repeat after seven, so
 * that the oracle computes seven for each expert, and so that the bits of a row can be compared between tiles. Runs nothing.
 */
import type { BlockType } from '../blocks/block-type.ts';
import { dequantizeRows } from '../blocks/dequantize.ref.ts';
import type { Activation } from '../elementwise/activation.ts';
import { gatedMulRef } from '../elementwise/gated-mul.ref.ts';
import { EXPERT_PARAMS, expertGemmWorkgroups, expertGemvWorkgroups } from '../experts/experts.ts';
import { linearRef, type Product } from '../linear/linear.ref.ts';
import { gemmTileRows } from '../linear/linear.ts';
import type { Subject } from '../variants.ts';
import { planesOf, randomRows, rowElementsNear } from './blocks.ts';
import { onlyOutputs, packParams, packStepRows, whatIsOff, type CheckProblem, type CheckRun } from './check.ts';
import type { KernelCheck } from './check.ts';
import { expertTilesOf } from './route-checks.ts';
import { addTolerance, dotTolerance, exactly, gatedTolerance, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';

export type ExpertSubject = Extract<Subject, { op: 'expertGemm' | 'expertGemv' }>;

interface ExpertCase {
  readonly numExperts: number;
  /** Outputs of an expert, of either half. */
  readonly numOut: number;
  readonly rowElements: number;
  /** 2: gate and up. */
  readonly halves: 1 | 2;
  readonly bias: boolean;
  /** Pairs of a row have x in common. */
  readonly xShared: boolean;
}

const GATE_UP: ExpertCase = {
  numExperts: 9,
  numOut: 35,
  rowElements: 95,
  halves: 2,
  bias: true,
  xShared: true,
};
/** Each pair has its own x. */
const DOWN: ExpertCase = {
  numExperts: 3,
  numOut: 13,
  rowElements: 1057,
  halves: 1,
  bias: false,
  xShared: false,
};
/** Pairs of each expert, among two of which those of a prompt row are: more than a large tile, and every part of a small one. */
const PAIRS_OF_EXPERTS = [35, 1, 2, 3, 4, 5, 6, 7, 11];
/** Rows that are computed. Before generated ones, and behind prompt rows, lie two of the other class. */
const [NUM_PROMPT, NUM_GENERATED, NUM_OTHER] = [37, 9, 2];
/** Of a row. */
const NUM_USED = 2;
const PERIOD = 7;
const X_OFFSET = 8;
const OUT_OFFSET = 2;
const HALF_GAP = 3;
const OUTPUT_BINDING = 6;
/** Scales of MXFP4 go down to those of subnormals, and a product that is one may become zero: WGSL lets a device flush them. */
const FLUSHED = 2 ** -126;

/** A dispatch, and what of its output is expected. */
interface ExpertRun extends CheckRun {
  readonly expected: readonly Expected[];
  readonly outStride: number;
  /** For each pair that is computed what decides about its numbers: the row of x and the expert. */
  readonly sources: readonly (string | undefined)[];
}

export function expertCheck(subject: ExpertSubject): KernelCheck {
  const isGated = subject.op === 'expertGemv' && subject.activation !== undefined;
  const gateUp = vectorsOf(subject, GATE_UP, 51);
  const numRows = subject.op === 'expertGemm' ? NUM_PROMPT : NUM_GENERATED;
  const end = GATE_UP.numExperts * GATE_UP.numOut;
  const runs = [gateUp(numRows, 0, 100), gateUp(numRows, 100, end), gateUp(1, 0, end)];
  if (!isGated) runs.push(vectorsOf(subject, DOWN, 52)(numRows, 0, DOWN.numExperts * DOWN.numOut));
  return {
    kernel: subject.kernel,
    outputs: [OUTPUT_BINDING],
    runs,
    verify: (outputs) => verify(runs, onlyOutputs(outputs)),
  };
}

/** Inputs of a case, from which a run takes `numRows` rows and the rows `first` to `end` of each half of the matrix. */
function vectorsOf(subject: ExpertSubject, one: ExpertCase, seed: number) {
  const { numExperts, numOut, halves, xShared } = one;
  const random = seededRandom(seed);
  const width = rowElementsNear(subject.type, one.rowElements);
  const padded = Math.ceil(width / 32) * 32;
  const raws = Array.from({ length: halves }, () => randomRows(subject.type, numExperts * numOut, width, random, 12));
  const base = Array.from({ length: PERIOD }, () => randomFloats(random, width, 8));
  const bias = randomFloats(random, halves * numExperts * numOut, 8);
  const products = productsOf(subject.type, one, raws, base, width);
  return (numRows: number, first: number, end: number): ExpertRun => {
    const isPrompt = subject.op === 'expertGemm';
    const firstRow = isPrompt ? 0 : NUM_OTHER;
    const numAll = firstRow + numRows + (isPrompt ? NUM_OTHER : 0);
    const ids = isPrompt ? idsOfPrompt(numAll, numExperts) : idsInTurn(numAll, numExperts);
    const numX = xShared ? numAll : numAll * NUM_USED;
    // The first words of a row are another matrix's.
    const x = new Float32Array(numX * (X_OFFSET + padded)).fill(UNTOUCHED);
    for (let r = 0; r < numX; r++) {
      const at = r * (X_OFFSET + padded) + X_OFFSET;
      x.fill(0, at, at + padded).set(base[r % PERIOD] ?? [], at);
    }
    const outStride = OUT_OFFSET + halves * (numOut + HALF_GAP) + 1;
    const out = new Float32Array(numAll * NUM_USED * outStride).fill(UNTOUCHED);
    const params = packParams(
      EXPERT_PARAMS,
      {
        num_groups: padded / 32,
        group_words: 8,
        first_row: first,
        num_rows: end - first,
        expert_rows: numOut,
        num_halves: halves,
        half_gap: numOut + HALF_GAP,
        bias_gap: numExperts * numOut,
        has_bias: one.bias ? 1 : 0,
        num_used: NUM_USED,
        x_shared: xShared ? 1 : 0,
        x_stride: X_OFFSET + padded,
        x_offset: X_OFFSET,
        out_stride: outStride,
        out_offset: OUT_OFFSET,
      },
      [],
    );
    const rowBytes = (raws[0]?.length ?? NaN) / (numExperts * numOut);
    const stacked = Uint8Array.from(raws.flatMap((raw) => [...raw.subarray(first * rowBytes, end * rowBytes)]));
    const planes = planesOf(subject.type, stacked, halves * (end - first), width);
    const step = isPrompt ? packStepRows(numRows, NUM_OTHER) : packStepRows(NUM_OTHER, numRows);
    const bindings = [planes.quants, planes.scales, step, params, x, bias, out];
    const expected: Expected[] = Array.from(out, exactly);
    const sources = Array.from(ids, (expert, pair): string | undefined => {
      const row = Math.floor(pair / NUM_USED);
      if (row < firstRow || row >= firstRow + numRows) return undefined;
      const source = (xShared ? row : pair) % PERIOD;
      for (let n = 0; n < numOut; n++) {
        const stackRow = expert * numOut + n;
        if (stackRow < first || stackRow >= end) continue;
        const sums = products.map((list, half) =>
          withBias(
            list[source * numExperts * numOut + stackRow],
            one.bias ? (bias[half * numExperts * numOut + stackRow] ?? NaN) : 0,
            width,
          ),
        );
        const at = pair * outStride + OUT_OFFSET + n;
        place(expected, at, numOut + HALF_GAP, sums, subject.op === 'expertGemv' ? subject.activation : undefined);
      }
      return `${String(source)} ${String(expert)}`;
    });
    const numPairs = numRows * NUM_USED;
    if (subject.op === 'expertGemv') {
      const numOutputs = subject.activation === undefined ? numOut * halves : numOut;
      const workgroups = expertGemvWorkgroups(subject.variant, numPairs, numOutputs);
      return { bindings: [...bindings, ids], workgroups, expected, outStride, sources };
    }
    const { tiles, pairs } = expertTilesOf(ids, numPairs, numExperts, gemmTileRows(subject.variant));
    const workgroups = expertGemmWorkgroups(tiles.length / 3, numOut * halves);
    return { bindings: [...bindings, tiles, pairs], workgroups, expected, outStride, sources };
  };
}

/** Rows take the two experts that have most of their pairs left. */
function idsOfPrompt(numRows: number, numExperts: number): Uint32Array<ArrayBuffer> {
  const left = PAIRS_OF_EXPERTS.slice(0, numExperts);
  const ids = Array.from({ length: numRows }, () => {
    const [a = 0, b = 0] = [...left.keys()].sort((x, y) => (left[y] ?? 0) - (left[x] ?? 0));
    for (const id of [a, b]) left[id] = (left[id] ?? 0) - 1;
    return [a, b];
  });
  return Uint32Array.from(ids.flat());
}

function idsInTurn(numRows: number, numExperts: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: 2 * numRows }, (_, pair) => ((pair >> 1) + (pair & 1)) % numExperts);
}

/** Of either half, [PERIOD][expert][row]. */
function productsOf(
  type: BlockType,
  { numExperts, numOut }: ExpertCase,
  raws: readonly Uint8Array[],
  base: readonly Float32Array[],
  width: number,
): readonly (readonly Product[])[] {
  const rows = Float64Array.from(base.flatMap((row) => [...row]));
  const numRows = numExperts * numOut;
  return raws.map((raw) => linearRef(rows, dequantizeRows(type, raw, numRows, width), PERIOD, numRows));
}

function withBias(product: Product | undefined, bias: number, width: number): Expected {
  const { value, norm } = product ?? { value: NaN, norm: NaN };
  const tolerance = dotTolerance(width, norm) + addTolerance(value + bias, bias) + width * FLUSHED;
  return { value: value + bias, tolerance };
}

/** Gate and up side by side, or activated. */
function place(
  expected: Expected[],
  at: number,
  gap: number,
  [gate = exactly(NaN), up]: readonly Expected[],
  activation: Activation | undefined,
): void {
  if (up !== undefined && activation !== undefined) {
    const value = gatedMulRef(activation, gate.value, up.value);
    expected[at] = { value, tolerance: gatedTolerance(activation, gate, up, value) };
    return;
  }
  expected[at] = gate;
  if (up !== undefined) expected[at + gap] = up;
}

function verify(runs: readonly ExpertRun[], outputs: readonly Float32Array[]): CheckProblem | undefined {
  for (const [i, { expected, sources, outStride }] of runs.entries()) {
    const output = outputs[i] ?? new Float32Array();
    const found = whatIsOff(output, expected);
    if (found !== undefined) return { kind: 'wrong', detail: `${found}, run ${String(i)}` };
    const bits = new Uint32Array(output.buffer, output.byteOffset, output.length);
    const seen = new Map<string, number>();
    for (const [pair, source] of sources.entries()) {
      if (source === undefined) continue;
      const same = seen.get(source) ?? pair;
      seen.set(source, same);
      for (let column = 0; column < outStride; column++) {
        if (bits[pair * outStride + column] !== bits[same * outStride + column]) {
          return { kind: 'unsteady', detail: `pair ${String(pair)} has other bits than ${String(same)}` };
        }
      }
    }
  }
  return undefined;
}
