/**
 * The check of the kernel for generated rows' attention: single rows at, before and behind the ends of blocks and chunks, in
 * a cache whose unseen slots hold poison. The chunks it leaves are put together here and compared with the f64 oracle; the
 * bits of a row are compared among 1, 2, 5 and 16 rows. Head size, cache and chunk are the model's. Runs nothing.
 */
import { NO_WINDOW, SPLIT_PARAMS } from '../attention/attention.ts';
import type { Subject } from '../variants.ts';
import { attentionInputs, BLOCK_TOKENS, type AttentionInputs, type AttentionShape, type Chunk } from './attention.ts';
import {
  firstDifferingRow,
  packParams,
  packStepRows,
  type CheckProblem,
  type CheckRun,
  type KernelCheck,
  whatIsOff,
} from './check.ts';
import { UNTOUCHED } from './values.ts';

export type DecodeSubject = Extract<Subject, { op: 'decodeAttention' }>;

const SEED = 83;
const CHUNKS = {
  prompt: [[0, 3]],
  generated: [
    [126, 5],
    [31, 2],
    [0, 1],
    [150, 3],
    [60, 5],
  ],
} as const;
const NUM_ROWS = [16, 1, 2, 5] as const;
/** Generated rows that the oracle computes: ends and beginnings of chunks and blocks, and the first position. */
const ORACLE_ROWS = [1, 2, 5, 6, 7, 10];
const OUT_BINDING = 7;
const STATS_BINDING = 8;

interface Vectors {
  readonly inputs: AttentionInputs;
  readonly shape: AttentionShape;
  readonly chunk: number;
  readonly maxChunks: number;
  /** Words of a row: of chunks' outputs, of their (maximum, sum). */
  readonly outWidth: number;
  readonly statsWidth: number;
}

export function decodeCheck(subject: DecodeSubject): KernelCheck {
  const { kernel, group } = subject;
  const vectors = vectorsOf(subject, { numKvHeads: 2, headsPerKv: group === 1 ? 2 : group, qScale: 3 }, CHUNKS);
  return {
    kernel,
    outputs: [OUT_BINDING, STATS_BINDING],
    runs: runsOf(subject, vectors, NUM_ROWS),
    verify: (outputs) => verify(vectors, outputs),
  };
}

/** One dispatch of some size, to be timed. */
export function decodeWork(subject: DecodeSubject): CheckRun {
  const shape = { numKvHeads: 4, headsPerKv: subject.shape.headsPerKv, qScale: 1 };
  const vectors = vectorsOf(subject, shape, { prompt: [], generated: [[1999, 1]] });
  const [run] = runsOf(subject, vectors, [1]);
  if (run === undefined) throw new RangeError('one run was asked for');
  return run;
}

function vectorsOf(
  { shape: { headDim, layout, chunk } }: DecodeSubject,
  heads: Omit<AttentionShape, 'headDim'>,
  chunks: { readonly prompt: readonly Chunk[]; readonly generated: readonly Chunk[] },
): Vectors {
  const shape = { ...heads, headDim };
  const inputs = attentionInputs(layout, SEED, shape, scaleOf(headDim), chunks);
  const numKeys = Math.max(...inputs.rows.map(({ position }) => position + 1));
  // One more than there are, so that a chunk too many shows.
  const maxChunks = Math.ceil(numKeys / chunk) + 1;
  const parts = shape.numKvHeads * shape.headsPerKv * maxChunks;
  return { inputs, shape, chunk, maxChunks, outWidth: parts * headDim, statsWidth: parts * 2 };
}

function scaleOf(headDim: number): number {
  return Math.fround(1 / Math.sqrt(headDim));
}

/** For each of `counts` the run that computes so many generated rows. */
function runsOf(subject: DecodeSubject, vectors: Vectors, counts: readonly number[]): readonly CheckRun[] {
  const { inputs, shape, maxChunks, outWidth, statsWidth } = vectors;
  const { group } = subject;
  const numHeads = shape.numKvHeads * shape.headsPerKv;
  const params = packParams(
    SPLIT_PARAMS,
    {
      num_heads: numHeads,
      num_kv_heads: shape.numKvHeads,
      groups_per_kv: shape.headsPerKv / group,
      block_tokens: BLOCK_TOKENS,
      first_block: 0,
      num_blocks: inputs.numBlocks,
      max_chunks: maxChunks,
      q_stride: inputs.qStride,
      all_rows: 0,
      scale: scaleOf(shape.headDim),
      window: NO_WINDOW,
      softcap: 0,
    },
    ['scale'],
  );
  const most = Math.max(...counts);
  const rows = Uint32Array.from(inputs.rows.flatMap(({ sequence, position }) => [0, position, 0, sequence]));
  const keys = inputs.keys(0, inputs.numBlocks);
  const values = inputs.values(0, inputs.numBlocks);
  const partOut = new Float32Array(most * outWidth).fill(UNTOUCHED);
  const partStats = new Float32Array(most * statsWidth).fill(UNTOUCHED);
  return counts.map((count): CheckRun => {
    const step = packStepRows(inputs.numPrompt, count, 0, inputs.tableStride);
    return {
      bindings: [step, params, inputs.q, keys, values, rows, inputs.tables, partOut, partStats],
      workgroups: [maxChunks - 1, numHeads / group, count],
    };
  });
}

function verify(vectors: Vectors, outputs: readonly (readonly Float32Array[])[]): CheckProblem | undefined {
  const [whole = []] = outputs;
  for (const [i, count] of NUM_ROWS.entries()) {
    const [out, stats] = outputs[i] ?? [];
    const [wholeOut, wholeStats] = whole;
    if (out === undefined || stats === undefined || wholeOut === undefined || wholeStats === undefined) {
      return { kind: 'wrong', detail: 'nothing came back' };
    }
    const problem = wrongRow(vectors, count, out, stats) ?? strayWord(vectors, count, out, stats);
    if (problem !== undefined) return { kind: 'wrong', detail: `${problem}, ${String(count)} rows` };
    const rows = Array.from({ length: count }, (_, row) => [row, row] as const);
    const row =
      firstDifferingRow(out, wholeOut, vectors.outWidth, rows) ??
      firstDifferingRow(stats, wholeStats, vectors.statsWidth, rows);
    if (row !== undefined) {
      return { kind: 'unsteady', detail: `row ${String(row)} has other bits among ${String(count)} rows` };
    }
  }
  return undefined;
}

/** Generated row `r` put together from its chunks: [numHeads * headDim] */
function attended(vectors: Vectors, r: number, out: Float32Array, stats: Float32Array): Float64Array {
  const { inputs, shape, chunk, maxChunks, outWidth, statsWidth } = vectors;
  const { headDim } = shape;
  const numHeads = shape.numKvHeads * shape.headsPerKv;
  const numChunks = Math.floor((inputs.rows[inputs.numPrompt + r]?.position ?? 0) / chunk) + 1;
  const values = new Float64Array(numHeads * headDim);
  for (let head = 0; head < numHeads; head++) {
    const statAt = (c: number, of: 0 | 1) => stats[r * statsWidth + (head * maxChunks + c) * 2 + of] ?? NaN;
    const chunks = Array.from({ length: numChunks }, (_, c) => c);
    const top = Math.max(...chunks.map((c) => statAt(c, 0)));
    const weights = chunks.map((c) => Math.exp(statAt(c, 0) - top));
    const sum = chunks.reduce((total, c) => total + (weights[c] ?? NaN) * statAt(c, 1), 0);
    for (let e = 0; e < headDim; e++) {
      const value = chunks.reduce((total, c) => {
        return total + (weights[c] ?? NaN) * (out[r * outWidth + (head * maxChunks + c) * headDim + e] ?? NaN);
      }, 0);
      values[head * headDim + e] = value / sum;
    }
  }
  return values;
}

function wrongRow(vectors: Vectors, count: number, out: Float32Array, stats: Float32Array): string | undefined {
  const { inputs, maxChunks } = vectors;
  for (const r of ORACLE_ROWS.filter((row) => row < count)) {
    const found = whatIsOff(attended(vectors, r, out, stats), inputs.expected(inputs.numPrompt + r, maxChunks));
    if (found !== undefined) return `row ${String(r)}: ${found}`;
  }
  return undefined;
}

/** Chunks that a row has not, and rows that were not asked for, stay as they were. */
function strayWord(vectors: Vectors, count: number, out: Float32Array, stats: Float32Array): string | undefined {
  const { inputs, shape, chunk, maxChunks, outWidth, statsWidth } = vectors;
  const isStray = (at: number, width: number, partWidth: number) => {
    const r = Math.floor(at / width);
    const c = Math.floor((at % width) / partWidth) % maxChunks;
    const position = inputs.rows[inputs.numPrompt + r]?.position ?? 0;
    return r >= count || c > Math.floor(position / chunk);
  };
  const find = (words: Float32Array, width: number, partWidth: number) =>
    words.findIndex((word, at) => word !== UNTOUCHED && isStray(at, width, partWidth));
  const stray = find(out, outWidth, shape.headDim);
  const strayStat = find(stats, statsWidth, 2);
  if (stray < 0 && strayStat < 0) return undefined;
  return `word ${String(stray < 0 ? strayStat : stray)} was written`;
}
