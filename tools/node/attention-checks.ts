/** Runs the kernels of paged attention over sequences of many lengths, and says what differs from the oracle, for their tests. */
import { packFields, packStep, type KernelRunner } from './kernel-runner.ts';
import type { Kernel } from '../../src/shaders/kernel.ts';
import type { KvLayout } from '../../src/shaders/lib/kv-layout.ts';
import {
  attentionInputs,
  BLOCK_TOKENS,
  type AttentionInputs,
  type AttentionShape,
} from '../../src/shaders/testing/attention.cases.ts';
import { UNTOUCHED } from '../../src/shaders/testing/values.ts';
import { differences, exactly, type Expected } from '../../src/shaders/vectors/tolerance.ts';
import {
  attentionReduce,
  attentionReduceSinks,
  attentionSplit,
  FLASH_PARAMS,
  FLASH_TILE_ROWS,
  NO_WINDOW,
  REDUCE_PARAMS,
  SPLIT_PARAMS,
  splitGroup,
} from '../../src/shaders/attention/attention.ts';

/** The scale of scores; the models' own, as f32. */
const scaleOf = (shape: AttentionShape) => Math.fround(1 / Math.sqrt(shape.headDim));

const rowWords = (inputs: AttentionInputs) =>
  Uint32Array.from(inputs.rows.flatMap(({ sequence, position }) => [0, position, 0, sequence]));

const emptyOutput = (inputs: AttentionInputs) => new Float32Array(inputs.rows.length * inputs.qStride).fill(UNTOUCHED);

/** What differs in an output in which the rows first .. first + count - 1 are computed. */
function compare(
  inputs: AttentionInputs,
  out: ArrayBuffer | undefined,
  first: number,
  count: number,
  tileKeys: number,
) {
  const expected = inputs.rows.flatMap((_, r): readonly Expected[] => {
    const isComputed = r >= first && r < first + count;
    const row = isComputed ? inputs.expected(r, Math.ceil((inputs.lastKey(r) + 1) / tileKeys)) : [];
    return [...row, ...new Array<Expected>(inputs.qStride - row.length).fill(exactly(UNTOUCHED))];
  });
  return differences(new Float32Array(out ?? new ArrayBuffer(0)), expected);
}

/** `kernel` is flash, or its stand-in for software adapters, which takes rows without tiles. */
export async function checkFlash(
  runner: KernelRunner,
  kernel: Kernel,
  layout: KvLayout,
  seed: number,
  shape: AttentionShape,
) {
  const inputs = attentionInputs(layout, seed, shape, scaleOf(shape));
  const tiles: number[][] = [];
  for (let first = 0; first < inputs.numPrompt;) {
    const { sequence = 0 } = inputs.rows[first] ?? {};
    const ofSequence = inputs.rows.filter((row, r) => r >= first && row.sequence === sequence).length;
    const count = Math.min(FLASH_TILE_ROWS, ofSequence);
    tiles.push([first, count, sequence, inputs.rows[first + count - 1]?.position ?? 0]);
    first += count;
  }
  const params = packFields(FLASH_PARAMS, {
    num_kv_heads: shape.numKvHeads,
    heads_per_kv: shape.headsPerKv,
    block_tokens: BLOCK_TOKENS,
    q_stride: inputs.qStride,
    out_stride: inputs.qStride,
    scale: { f32: scaleOf(shape) },
    head_words: shape.headDim / 4,
    window: shape.window ?? NO_WINDOW,
    softcap: { f32: shape.softcap ?? 0 },
  });
  const step = packStep({ numPrompt: inputs.numPrompt, numTiles: tiles.length, tableStride: inputs.tableStride });
  const pools = [inputs.keys(0, inputs.numBlocks), inputs.values(0, inputs.numBlocks)];
  const byRows = kernel.name.startsWith('attention_rows');
  const tileWords = byRows ? [] : [Uint32Array.from(tiles.flat())];
  const bindings = [
    step,
    params,
    inputs.q,
    ...pools,
    rowWords(inputs),
    inputs.tables,
    ...tileWords,
    emptyOutput(inputs),
    ...(shape.sinks === true ? [inputs.sinks] : []),
  ];
  const numHeads = shape.numKvHeads * shape.headsPerKv;
  const results = await runner.run(kernel, bindings, [
    byRows ? Math.ceil(inputs.numPrompt / 64) : tiles.length,
    numHeads,
    1,
  ]);
  return compare(
    inputs,
    results[kernel.bindings.indexOf('readWrite')],
    0,
    inputs.numPrompt,
    kernel.constants['TILE_K'] ?? 1,
  );
}

export interface SplitKernels {
  readonly split: Kernel;
  readonly reduce: Kernel;
}

export function splitKernels(layout: KvLayout, shape: AttentionShape, chunk: number): SplitKernels {
  return {
    split: attentionSplit(layout, shape.headDim, splitGroup(shape.headsPerKv, shape.headDim, chunk), chunk),
    reduce: shape.sinks === true ? attentionReduceSinks : attentionReduce,
  };
}

/** With `shards` (first block of each) all rows go this way, with one shard the generated ones. */
export async function checkSplit(
  runner: KernelRunner,
  { split, reduce }: SplitKernels,
  layout: KvLayout,
  seed: number,
  shape: AttentionShape,
  shards: readonly number[] = [0],
) {
  const inputs = attentionInputs(layout, seed, shape, scaleOf(shape));
  const { headDim, numKvHeads, headsPerKv } = shape;
  const allRows = shards.length > 1;
  const numHeads = numKvHeads * headsPerKv;
  const numGenerated = inputs.rows.length - inputs.numPrompt;
  const numRows = allRows ? inputs.rows.length : numGenerated;
  const chunk = split.constants['CHUNK'] ?? NaN;
  const group = split.constants['GROUP'] ?? NaN;
  const maxChunks = Math.ceil(Math.max(...inputs.rows.map((row) => row.position + 1)) / chunk) + 1;
  const step = packStep({ numPrompt: inputs.numPrompt, numGenerated, tableStride: inputs.tableStride });
  let partOut = new Float32Array(numRows * numHeads * maxChunks * headDim).fill(UNTOUCHED);
  let partStats = new Float32Array(numRows * numHeads * maxChunks * 2).fill(UNTOUCHED);
  for (const [i, first] of shards.entries()) {
    const numBlocks = (shards[i + 1] ?? inputs.numBlocks) - first;
    const params = packFields(SPLIT_PARAMS, {
      num_heads: numHeads,
      num_kv_heads: numKvHeads,
      groups_per_kv: headsPerKv / group,
      block_tokens: BLOCK_TOKENS,
      first_block: first,
      num_blocks: numBlocks,
      max_chunks: maxChunks,
      q_stride: inputs.qStride,
      all_rows: allRows ? 1 : 0,
      scale: { f32: scaleOf(shape) },
      window: shape.window ?? NO_WINDOW,
      softcap: { f32: shape.softcap ?? 0 },
    });
    const pools = [inputs.keys(first, numBlocks), inputs.values(first, numBlocks)];
    const bindings = [step, params, inputs.q, ...pools, rowWords(inputs), inputs.tables, partOut, partStats];
    const results = await runner.run(split, bindings, [maxChunks - 1, numHeads / group, numRows]);
    partOut = new Float32Array(results[7] ?? new ArrayBuffer(0));
    partStats = new Float32Array(results[8] ?? new ArrayBuffer(0));
  }
  const params = packFields(REDUCE_PARAMS, {
    num_heads: numHeads,
    head_words: headDim / 4,
    chunk,
    max_chunks: maxChunks,
    out_stride: inputs.qStride,
    all_rows: allRows ? 1 : 0,
    window: shape.window ?? NO_WINDOW,
  });
  const sinks = shape.sinks === true ? [inputs.sinks] : [];
  const bindings = [step, params, partOut, partStats, rowWords(inputs), emptyOutput(inputs), ...sinks];
  const results = await runner.run(reduce, bindings, [Math.ceil((numHeads * headDim) / 4 / 64), numRows, 1]);
  return compare(inputs, results[5], allRows ? 0 : inputs.numPrompt, numRows, chunk);
}
