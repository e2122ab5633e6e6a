/**
 * Paged attention against the oracle: flash (or rows) for prompt rows, split and reduce for generated rows (or, where the cache
 * has several shards, for all rows), over every cache layout, head sizes and groups of query heads.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { isBlockLayout, type KvLayout } from '../lib/kv-layout.ts';
import { differences, exactly, type Expected } from '../vectors/tolerance.ts';
import { planted, UNTOUCHED } from '../testing/values.ts';
import {
  attentionFlash,
  attentionReduce,
  attentionRows,
  attentionSplit,
  FLASH_PARAMS,
  FLASH_TILE_ROWS,
  NO_WINDOW,
  REDUCE_PARAMS,
  SPLIT_PARAMS,
  splitGroup,
} from './attention.ts';
import {
  attentionInputs,
  BLOCK_TOKENS,
  type AttentionInputs,
  type AttentionShape,
} from '../testing/attention.cases.ts';

const SHAPES: readonly AttentionShape[] = [
  { headDim: 8, numKvHeads: 3, headsPerKv: 1, qScale: 1 },
  { headDim: 64, numKvHeads: 2, headsPerKv: 7, qScale: 1 },
  { headDim: 80, numKvHeads: 1, headsPerKv: 2, qScale: 30 },
  { headDim: 96, numKvHeads: 1, headsPerKv: 8, qScale: 1 },
  { headDim: 128, numKvHeads: 2, headsPerKv: 2, qScale: 1000 },
  { headDim: 256, numKvHeads: 1, headsPerKv: 1, qScale: 1 },
];
/** A window that begins within a tile, a chunk and a block, one of a single key, and caps that bend the scores. */
const WINDOWED: readonly AttentionShape[] = [
  { headDim: 8, numKvHeads: 2, headsPerKv: 2, qScale: 1, window: 21 },
  { headDim: 32, numKvHeads: 1, headsPerKv: 3, qScale: 8, window: 150, softcap: 5 },
  { headDim: 16, numKvHeads: 1, headsPerKv: 1, qScale: 1, window: 1 },
];
/** Of encoders: all keys of the sequence, and windows to both sides. */
const AROUND: readonly AttentionShape[] = [
  { headDim: 32, numKvHeads: 2, headsPerKv: 2, qScale: 1, around: true },
  { headDim: 64, numKvHeads: 1, headsPerKv: 1, qScale: 8, around: true, window: 12 },
];
const SMALL: AttentionShape = { headDim: 8, numKvHeads: 2, headsPerKv: 2, qScale: 1 };
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
async function checkFlash(runner: KernelRunner, kernel: Kernel, layout: KvLayout, seed: number, shape: AttentionShape) {
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
  const byRows = kernel.bindings.length === 8;
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
  ];
  const numHeads = shape.numKvHeads * shape.headsPerKv;
  const results = await runner.run(kernel, bindings, [
    byRows ? Math.ceil(inputs.numPrompt / 64) : tiles.length,
    numHeads,
    1,
  ]);
  return compare(inputs, results.at(-1), 0, inputs.numPrompt, kernel.constants['TILE_K'] ?? 1);
}

interface SplitKernels {
  readonly split: Kernel;
  readonly reduce: Kernel;
}

function splitKernels(layout: KvLayout, shape: AttentionShape, chunk: number): SplitKernels {
  return {
    split: attentionSplit(layout, shape.headDim, splitGroup(shape.headsPerKv, shape.headDim, chunk), chunk),
    reduce: attentionReduce,
  };
}

/** With `shards` (first block of each) all rows go this way, with one shard the generated ones. */
async function checkSplit(
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
  const bindings = [step, params, partOut, partStats, rowWords(inputs), emptyOutput(inputs)];
  const results = await runner.run(reduce, bindings, [Math.ceil((numHeads * headDim) / 4 / 64), numRows, 1]);
  return compare(inputs, results[5], allRows ? 0 : inputs.numPrompt, numRows, chunk);
}

describeOnAdapters((runner) => {
  const inLayout = (layout: KvLayout) => SHAPES.map((shape, i) => ({ layout, shape, seed: 81 + i }));
  const all = [
    ...inLayout('f32'),
    ...inLayout('f16').filter((_, i) => i % 2 === 0),
    ...inLayout('q8_0').filter((_, i) => i % 3 !== 1),
    ...inLayout('q4_0').filter((_, i) => i % 3 !== 2),
  ];

  // Barriers are dear on software adapters: groups of 7 and 8 heads are tried with the caches that are read unit by unit.
  it.for(all.filter(({ layout, shape }) => !isBlockLayout(layout) || shape.headsPerKv <= 2))(
    'flash, cache $layout, head $shape.headDim, group $shape.headsPerKv, seed $seed',
    async ({ layout, shape, seed }) => {
      const kernel = attentionFlash(layout, shape.headDim);
      expect(await checkFlash(runner(), kernel, layout, seed, shape)).toEqual([]);
    },
  );

  it.for(all)(
    'rows, cache $layout, head $shape.headDim, group $shape.headsPerKv, seed $seed',
    async ({ layout, shape, seed }) => {
      const kernel = attentionRows(layout);
      expect(await checkFlash(runner(), kernel, layout, seed, shape)).toEqual([]);
    },
  );

  it.for(all)(
    'split and reduce, cache $layout, head $shape.headDim, group $shape.headsPerKv, seed $seed',
    async ({ layout, shape, seed }) => {
      const kernels = splitKernels(layout, shape, 128);
      expect(await checkSplit(runner(), kernels, layout, seed, shape)).toEqual([]);
    },
  );

  it.for(all.filter((_, i) => i % 6 === 1))(
    'split over three shards, all rows, cache $layout, head $shape.headDim, seed $seed',
    async ({ layout, shape, seed }) => {
      const kernels = splitKernels(layout, shape, BLOCK_TOKENS);
      expect(await checkSplit(runner(), kernels, layout, seed, shape, [0, 7, 11])).toEqual([]);
    },
  );

  it.for(WINDOWED.map((shape, i) => ({ shape, seed: 95 + i })))(
    'window $shape.window, soft cap $shape.softcap: flash, rows, split over one and three shards, seed $seed',
    async ({ shape, seed }) => {
      expect(await checkFlash(runner(), attentionFlash('f32', shape.headDim), 'f32', seed, shape)).toEqual([]);
      expect(await checkFlash(runner(), attentionRows('f32'), 'f32', seed, shape)).toEqual([]);
      expect(await checkSplit(runner(), splitKernels('f32', shape, 128), 'f32', seed, shape)).toEqual([]);
      const ofBlocks = splitKernels('f32', shape, BLOCK_TOKENS);
      expect(await checkSplit(runner(), ofBlocks, 'f32', seed, shape, [0, 7, 11])).toEqual([]);
    },
  );

  it.for(AROUND.map((shape, i) => ({ shape, seed: 98 + i })))(
    'keys on both sides, window $shape.window: flash and rows, seed $seed',
    async ({ shape, seed }) => {
      expect(await checkFlash(runner(), attentionFlash('f32', shape.headDim, 'around'), 'f32', seed, shape)).toEqual(
        [],
      );
      expect(await checkFlash(runner(), attentionRows('f32', 'around'), 'f32', seed, shape)).toEqual([]);
    },
  );

  it.for<readonly [string, string]>([
    ['min(last - row.position, window)', 'last - row.position'],
    ['step.table_stride - 1u] - 1u', 'step.table_stride - 1u]'],
    ['position - min(position, window)', 'position - min(position, window - 1u)'],
    ['(row.sequence + 1u)', '(row.sequence + 2u)'],
  ])('finds a mistake planted in what encoders see: %s -> %s', async ([right, wrong]) => {
    const found: string[] = [];
    for (const [i, shape] of AROUND.entries()) {
      const [flash, rows] = [attentionFlash('f32', shape.headDim, 'around'), attentionRows('f32', 'around')];
      const kernel = planted(i === 0 ? rows : flash, right, wrong);
      found.push(...(await checkFlash(runner(), kernel, 'f32', 98 + i, shape)));
    }
    expect(found).not.toEqual([]);
  });

  it.for<readonly ['flash' | 'rows' | 'split' | 'reduce', string, string]>([
    ['flash', 'position + 1u - min', 'position + 2u - min'],
    ['flash', 'max(first_key, start) - start', '0u'],
    ['rows', '1.0 - e', '1.0 - 1.01 * e'],
    ['split', 'from_key + lane', 'lane + 1u'],
    ['split', 'max(first_key, start) - start', '0u'],
    ['reduce', 'first_visible(position, params.window) / params.chunk', '0u'],
  ])('finds a mistake planted in the window of %s: %s -> %s', async ([part, right, wrong]) => {
    const found: string[] = [];
    for (const [i, shape] of WINDOWED.entries()) {
      const split = splitKernels('f32', shape, BLOCK_TOKENS);
      const kernels = { ...split, flash: attentionFlash('f32', shape.headDim), rows: attentionRows('f32') };
      const wrongKernels = { ...kernels, [part]: planted(kernels[part], right, wrong) };
      const { flash, rows } = wrongKernels;
      const differing =
        part === 'flash' || part === 'rows'
          ? await checkFlash(runner(), part === 'flash' ? flash : rows, 'f32', 95 + i, shape)
          : await checkSplit(runner(), wrongKernels, 'f32', 95 + i, shape);
      found.push(...differing);
    }
    expect(found).not.toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['start + key <= last_key', 'start + key < last_key'],
    ['start <= last_of_tile', 'start + TILE_K <= last_of_tile'], // drops the last tile
    ['position % params.block_tokens', '(position + 1u) % params.block_tokens'],
    ['let fade = select(exp(top - new_top)', 'let fade = select(1.0 + 0.0 * exp(top - new_top)'],
    ['head / params.heads_per_kv', 'head % params.num_kv_heads'],
    ['sum = sum * fade', 'sum = sum * fade * 1.0001'],
  ])('finds a mistake planted in flash: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(attentionFlash('f32', SMALL.headDim), right, wrong);
    expect(await checkFlash(runner(), kernel, 'f32', 91, SMALL)).not.toEqual([]);
  });

  it.for<readonly [KvLayout, string, string]>([
    ['q8_0', 'i >> at.shift', 'i >> (at.shift + 1u)'],
    ['q8_0', 'start + block_tokens * quant_words', 'start + (block_tokens - 1u) * quant_words'],
    ['q8_0', 'min(3u, ', 'min(2u, '],
    ['q8_0', 'exponent == 0u', 'false'],
    ['q4_0', '(quad & 1u) * 4u', '0u'],
    ['q4_0', 'vec4<f32>(8.0)', 'vec4<f32>(7.0)'],
  ])('finds a mistake planted in reading %s: %s -> %s', async ([layout, right, wrong]) => {
    const shape = { headDim: 64, numKvHeads: 2, headsPerKv: 1, qScale: 1 };
    const kernel = planted(attentionRows(layout), right, wrong);
    expect(await checkFlash(runner(), kernel, layout, 94, shape)).not.toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['key <= last_key', 'key < last_key'],
    ['fma(sum, fade, p)', 'sum + p'],
    ['wid.x * 64u + tid < step.num_prompt', 'wid.x * 64u + tid < step.num_prompt - 1u'],
  ])('finds a mistake planted in rows: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(attentionRows('f32'), right, wrong);
    expect(await checkFlash(runner(), kernel, 'f32', 93, SMALL)).not.toEqual([]);
  });

  it.for<readonly [keyof SplitKernels, string, string]>([
    ['split', 'let num_keys = info.position + 1u', 'let num_keys = info.position'],
    ['split', 'key % params.block_tokens', '(key + 1u) % params.block_tokens'],
    ['split', 'start / params.block_tokens', '0u'],
    ['split', 'wid.y / params.groups_per_kv', '0u'],
    ['reduce', 'params.chunk + 1u', 'params.chunk'],
    ['reduce', 'let weight = exp(stats.x - top)', 'let weight = 1.0 + 0.0 * exp(stats.x - top)'],
    ['reduce', 'fma(weight, stats.y, sum)', 'sum + stats.y'],
  ])('finds a mistake planted in %s: %s -> %s', async ([part, right, wrong]) => {
    const kernels = splitKernels('f32', SMALL, 128);
    const wrongKernels = { ...kernels, [part]: planted(kernels[part], right, wrong) };
    expect(await checkSplit(runner(), wrongKernels, 'f32', 92, SMALL)).not.toEqual([]);
  });
});
