/**
 * The check of a kernel for prompt rows' attention: chunks of prompts in the middle of two sequences, more than a tile of
 * rows and of keys and multiples of neither, in a cache whose unseen slots hold poison, against the f64 oracle; and the
 * bits of a row among the first 1, 2, 5, 16 and all rows. Head size and cache are the model's. Runs nothing.
 */
import { FLASH_PARAMS, FLASH_TILE_ROWS, NO_WINDOW } from '../attention/attention.ts';
import type { Workgroups } from '../linear/linear.ts';
import type { Subject } from '../variants.ts';
import { attentionInputs, BLOCK_TOKENS, type AttentionInputs, type AttentionShape } from './attention.ts';
import {
  firstDifferingRow,
  onlyOutputs,
  packParams,
  packStepRows,
  type CheckProblem,
  type CheckRun,
  type KernelCheck,
  whatIsOff,
} from './check.ts';
import { exactly } from './tolerance.ts';
import { UNTOUCHED } from './values.ts';

export type AttentionSubject = Extract<Subject, { op: 'attention' }>;

const SEED = 82;
const CHUNKS = {
  prompt: [
    [29, 19],
    [0, 5],
  ],
  generated: [],
} as const;
/** All rows first; then so many of them, as a chunk that ends early. */
const NUM_ROWS = [24, 1, 2, 5, 16] as const;

/** A long prompt's last rows. */
const WORK_CHUNKS = { prompt: [[192, 64]], generated: [] } as const;

export function attentionCheck(subject: AttentionSubject): KernelCheck {
  const { kernel, layout, headDim, keys, sinks = false } = subject;
  const around = keys === 'around';
  const shape: AttentionShape = { headDim, numKvHeads: 2, headsPerKv: 2, qScale: 3, around, sinks };
  const inputs = attentionInputs(layout, SEED, shape, scaleOf(headDim), CHUNKS);
  const out = emptyOutput(inputs);
  return {
    kernel,
    outputs: [kernel.bindings.indexOf('readWrite')],
    runs: runsOf(subject, shape, inputs, out, NUM_ROWS),
    verify: (outputs) => verify(inputs, kernel.constants['TILE_K'] ?? 1, out, onlyOutputs(outputs)),
  };
}

/** One dispatch of some size, to be timed. */
export function attentionWork(subject: AttentionSubject): CheckRun {
  const { layout, headDim, keys } = subject;
  const around = keys === 'around';
  const shape: AttentionShape = { headDim, numKvHeads: 4, headsPerKv: 4, qScale: 1, around };
  const inputs = attentionInputs(layout, SEED, shape, scaleOf(headDim), WORK_CHUNKS);
  const [run] = runsOf(subject, shape, inputs, emptyOutput(inputs), [inputs.rows.length]);
  if (run === undefined) throw new RangeError('one run was asked for');
  return run;
}

function scaleOf(headDim: number): number {
  return Math.fround(1 / Math.sqrt(headDim));
}

function emptyOutput(inputs: AttentionInputs): Float32Array<ArrayBuffer> {
  return new Float32Array(inputs.rows.length * inputs.qStride).fill(UNTOUCHED);
}

/** For each of `counts` the run that computes so many rows. */
function runsOf(
  subject: AttentionSubject,
  shape: AttentionShape,
  inputs: AttentionInputs,
  out: Float32Array<ArrayBuffer>,
  counts: readonly number[],
): readonly CheckRun[] {
  const params = packParams(
    FLASH_PARAMS,
    {
      num_kv_heads: shape.numKvHeads,
      heads_per_kv: shape.headsPerKv,
      block_tokens: BLOCK_TOKENS,
      q_stride: inputs.qStride,
      out_stride: inputs.qStride,
      scale: scaleOf(shape.headDim),
      head_words: shape.headDim / 4,
      window: NO_WINDOW,
      softcap: 0,
    },
    ['scale'],
  );
  const rows = Uint32Array.from(inputs.rows.flatMap(({ sequence, position }) => [0, position, 0, sequence]));
  const keys = inputs.keys(0, inputs.numBlocks);
  const values = inputs.values(0, inputs.numBlocks);
  return counts.map((numRows): CheckRun => {
    const tiles = tilesOf(inputs, numRows);
    const step = packStepRows(numRows, 0, tiles.length, inputs.tableStride);
    const bindings = [step, params, inputs.q, keys, values, rows, inputs.tables];
    const numHeads = shape.numKvHeads * shape.headsPerKv;
    const isFlash = subject.variant === 'flash';
    const workgroups: Workgroups = [isFlash ? tiles.length : Math.ceil(numRows / 64), numHeads, 1];
    const tileWords = isFlash ? [Uint32Array.from(tiles.flat())] : [];
    const sinks = subject.sinks === true ? [inputs.sinks] : [];
    return { bindings: [...bindings, ...tileWords, out, ...sinks], workgroups };
  });
}

/** The first rows cut into tiles of one sequence each: first, count, sequence, last position. */
function tilesOf(inputs: AttentionInputs, numRows: number): readonly (readonly number[])[] {
  const tiles: number[][] = [];
  for (let first = 0; first < numRows;) {
    const sequence = inputs.rows[first]?.sequence ?? 0;
    let count = 1;
    while (count < FLASH_TILE_ROWS && first + count < numRows && inputs.rows[first + count]?.sequence === sequence) {
      count += 1;
    }
    tiles.push([first, count, sequence, inputs.rows[first + count - 1]?.position ?? 0]);
    first += count;
  }
  return tiles;
}

function verify(
  inputs: AttentionInputs,
  tileKeys: number,
  before: Float32Array,
  outputs: readonly Float32Array[],
): CheckProblem | undefined {
  const { qStride } = inputs;
  const [all = before] = outputs;
  const expected = inputs.rows.flatMap((_, row) => {
    const values = inputs.expected(row, Math.ceil((inputs.lastKey(row) + 1) / tileKeys));
    return [...values, ...Array.from(before.subarray(row * qStride + values.length, (row + 1) * qStride), exactly)];
  });
  for (const [i, numRows] of NUM_ROWS.entries()) {
    const output = (outputs[i] ?? before).subarray(0, before.length);
    const words = Array.from(before, (value, at) =>
      at < numRows * qStride ? (expected[at] ?? exactly(NaN)) : exactly(value),
    );
    const found = whatIsOff(output, words);
    if (found !== undefined) return { kind: 'wrong', detail: `${found}, ${String(numRows)} rows` };
    const rows = Array.from({ length: numRows }, (_, row) => [row, row] as const);
    const row = firstDifferingRow(output, all, qStride, rows);
    if (row !== undefined) {
      return { kind: 'unsteady', detail: `row ${String(row)} has other bits among ${String(numRows)} rows` };
    }
  }
  return undefined;
}
