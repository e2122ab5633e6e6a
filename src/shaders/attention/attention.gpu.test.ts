/**
 * Paged attention against the oracle: flash (or rows) for prompt rows, split and reduce for generated rows (or, where the cache
 * has several shards, for all rows), over every cache layout, head sizes and groups of query heads.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters } from '../../../tools/node/kernel-runner.ts';
import { isBlockLayout, type KvLayout } from '../lib/kv-layout.ts';
import { BLOCK_TOKENS, type AttentionShape } from '../testing/attention.cases.ts';
import { checkFlash, checkSplit, splitKernels, type SplitKernels } from '../../../tools/node/attention-checks.ts';
import { planted } from '../testing/values.ts';
import { attentionFlash, attentionRows } from './attention.ts';

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
/** Sinks that drown in the scores and that drown them, beside windows and caps. */
const SINKED: readonly AttentionShape[] = [
  { headDim: 8, numKvHeads: 2, headsPerKv: 2, qScale: 3, window: 21, sinks: true },
  { headDim: 64, numKvHeads: 1, headsPerKv: 2, qScale: 8, softcap: 5, sinks: true },
];
/** Of encoders: all keys of the sequence, and windows to both sides. */
const AROUND: readonly AttentionShape[] = [
  { headDim: 32, numKvHeads: 2, headsPerKv: 2, qScale: 1, around: true },
  { headDim: 64, numKvHeads: 1, headsPerKv: 1, qScale: 8, around: true, window: 12 },
];
const SMALL: AttentionShape = { headDim: 8, numKvHeads: 2, headsPerKv: 2, qScale: 1 };

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

  it.for(SINKED.map((shape, i) => ({ shape, seed: 101 + i })))(
    'sinks, head $shape.headDim: flash, rows, split, seed $seed',
    async ({ shape, seed }) => {
      const sinks = { sinks: true };
      expect(await checkFlash(runner(), attentionFlash('f32', shape.headDim, sinks), 'f32', seed, shape)).toEqual([]);
      expect(await checkFlash(runner(), attentionRows('f32', sinks), 'f32', seed, shape)).toEqual([]);
      expect(await checkSplit(runner(), splitKernels('f32', shape, 128), 'f32', seed, shape)).toEqual([]);
    },
  );

  it.for<readonly ['rows' | 'reduce', string, string]>([
    ['rows', 'let fade = exp(top - new_top)', 'let fade = 1.0'],
    ['rows', 'sinks[head]', 'sinks[0]'],
    ['rows', 'acc[i] * end.x', 'acc[i]'],
    ['reduce', 'exp(sink - new_top)', '0.0'],
    ['reduce', 'acc * end.x', 'acc'],
  ])('finds a mistake planted in the sinks of %s: %s -> %s', async ([part, right, wrong]) => {
    const found: string[] = [];
    for (const [i, shape] of SINKED.entries()) {
      const { split, reduce } = splitKernels('f32', shape, 128);
      const kernel = planted(part === 'rows' ? attentionRows('f32', { sinks: true }) : reduce, right, wrong);
      found.push(
        ...(part === 'rows'
          ? await checkFlash(runner(), kernel, 'f32', 101 + i, shape)
          : await checkSplit(runner(), { split, reduce: kernel }, 'f32', 101 + i, shape)),
      );
    }
    expect(found).not.toEqual([]);
  });

  it.for(AROUND.map((shape, i) => ({ shape, seed: 98 + i })))(
    'keys on both sides, window $shape.window: flash and rows, seed $seed',
    async ({ shape, seed }) => {
      const around = { keys: 'around' } as const;
      expect(await checkFlash(runner(), attentionFlash('f32', shape.headDim, around), 'f32', seed, shape)).toEqual([]);
      expect(await checkFlash(runner(), attentionRows('f32', around), 'f32', seed, shape)).toEqual([]);
    },
  );

  it.for<readonly [string, string]>([
    ['min(last - row.position, window)', 'last - row.position'],
    ['step.table_stride - 1u] - 1u', 'step.table_stride - 1u]'],
    ['position - min(position, window)', 'position - min(position, window - 1u)'],
    ['(row.sequence + 1u)', '(row.sequence + 2u)'],
  ])('finds a mistake planted in what encoders see: %s -> %s', async ([right, wrong]) => {
    const around = { keys: 'around' } as const;
    const found: string[] = [];
    for (const [i, shape] of AROUND.entries()) {
      const [flash, rows] = [attentionFlash('f32', shape.headDim, around), attentionRows('f32', around)];
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
    ['q8_0', '(bits & 0x7c00u) == 0u', 'false'],
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
