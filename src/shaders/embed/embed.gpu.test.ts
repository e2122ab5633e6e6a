/**
 * The gather, and with it the dequantisation of every block type on the GPU: every product of a scale and a quant fits
 * f32, and a difference is rounded once, so the result is the oracle's number rounded to f32, to the bit.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { BlockType } from '../blocks/block-type.ts';
import { planesOf, randomRows, rowElementsNear } from '../vectors/blocks.ts';
import { dequantizeRows } from '../blocks/dequantize.ref.ts';
import { F32 } from '../blocks/f32.ts';
import { ALL_BLOCK_TYPES } from '../blocks/index.ts';
import type { Kernel } from '../kernel.ts';
import { differences, exactly } from '../vectors/tolerance.ts';
import { planted, seededRandom, UNTOUCHED, wholeBelow } from '../testing/values.ts';
import { embed, EMBED_INDICES, EMBED_PARAMS, type EmbedIndex } from './embed.ts';
import { embedRef } from './embed.ref.ts';

interface EmbedCase {
  readonly numTokens: number;
  /** Rounded to what the type can have. */
  readonly width: number;
  readonly numPrompt: number;
  readonly numGenerated: number;
  /** First rows of the table's shards. */
  readonly shards?: readonly number[];
  /** A power of two, so that the product is exact. */
  readonly scale?: number;
  readonly index?: EmbedIndex;
  readonly addToOut?: boolean;
}

const CASES: readonly EmbedCase[] = [
  { numTokens: 1, width: 1, numPrompt: 1, numGenerated: 0 },
  { numTokens: 31, width: 257, numPrompt: 13, numGenerated: 4, scale: 16 },
  { numTokens: 17, width: 512, numPrompt: 0, numGenerated: 67, shards: [0, 4, 14] },
];

/** Tables that are not looked up by tokens, and sums with what is there. */
const ADDED: readonly EmbedCase[] = [
  { numTokens: 9, width: 40, numPrompt: 5, numGenerated: 7, index: 'position', addToOut: true, shards: [0, 4] },
  { numTokens: 3, width: 64, numPrompt: 2, numGenerated: 2, index: 'first', addToOut: true, scale: 4 },
];

async function check(
  runner: KernelRunner,
  kernel: Kernel,
  type: BlockType,
  seed: number,
  one: EmbedCase,
): Promise<readonly string[]> {
  const random = seededRandom(seed);
  const width = rowElementsNear(type, one.width);
  const raw = randomRows(type, one.numTokens, width, random);
  const numRows = one.numPrompt + one.numGenerated;
  const tokens = Array.from({ length: numRows }, () => wholeBelow(random, one.numTokens));
  const { index = 'token', addToOut = false } = one;
  const tableRows = { token: tokens, position: tokens.map((_, r) => r), first: tokens.map(() => 0) }[index];
  const rows = Uint32Array.from(tokens.flatMap((token, r) => [token, r, r, 0]));
  const expected = embedRef(dequantizeRows(type, raw, one.numTokens, width), width, tableRows);

  const padded = Math.ceil(width / 32) * 32;
  let out = new Float32Array((numRows + 1) * padded).fill(UNTOUCHED); // one row more than there are
  const firsts = one.shards ?? [0];
  const rowBytes = raw.length / one.numTokens;
  // The last shard first, so that what a shard writes beyond its own tokens is not mended by the next.
  for (const [i, first] of [...firsts.entries()].reverse()) {
    const end = firsts[i + 1] ?? one.numTokens;
    const shard = planesOf(type, raw.slice(first * rowBytes, end * rowBytes), end - first, width);
    const params = packFields(EMBED_PARAMS, {
      first_token: first,
      num_tokens: end - first,
      num_groups: shard.numGroups,
      scale: { f32: one.scale ?? 1 },
      index_by: EMBED_INDICES.indexOf(index),
      add_to_out: addToOut ? 1 : 0,
    });
    const step = packStep({ numPrompt: one.numPrompt, numGenerated: one.numGenerated });
    const grid = [Math.ceil((numRows * shard.numGroups) / 64), 1, 1] as const;
    const results = await runner.run(kernel, [shard.quants, shard.scales, step, params, rows, out], grid);
    out = new Float32Array(results[5] ?? new ArrayBuffer(0));
  }
  return differences(
    out,
    Array.from(out, (_, i) => {
      const [row, column] = [Math.floor(i / padded), i % padded];
      if (row === numRows || (tableRows[row] ?? 0) >= one.numTokens) return exactly(UNTOUCHED);
      const value = column < width ? Math.fround(expected[row * width + column] ?? NaN) * (one.scale ?? 1) : 0;
      return exactly(Math.fround(value + (addToOut ? UNTOUCHED : 0)));
    }),
  );
}

describeOnAdapters((runner) => {
  const kernels = ALL_BLOCK_TYPES.map((type) => ({ type, kernel: embed(type), title: embed(type).name }));
  it.for(kernels)('$title: seeds 31, 32, 33', async ({ type, kernel }, { skip }) => {
    const missing = runner().missingFeature(kernel);
    skip(missing !== undefined, `the adapter has no ${String(missing)}`);
    for (const [i, one] of CASES.entries()) {
      expect(await check(runner(), kernel, type, 31 + i, one), `seed ${String(31 + i)}`).toEqual([]);
    }
  });

  it.for(ADDED.map((one, i) => ({ one, seed: 41 + i })))(
    'embed_f32 by $one.index, added: seed $seed',
    async ({ one, seed }) => {
      expect(await check(runner(), embed(F32), F32, seed, one)).toEqual([]);
    },
  );

  it.each([
    ['index_by == 1u', 'index_by == 3u'],
    ['index_by == 2u', 'index_by == 3u'],
    ['add_to_out == 1u', 'add_to_out == 2u'],
  ])('finds a mistake planted in other tables than tokens: %s -> %s', async (right, wrong) => {
    const found: string[] = [];
    for (const [i, one] of ADDED.entries()) {
      found.push(...(await check(runner(), planted(embed(F32), right, wrong), F32, 41 + i, one)));
    }
    expect(found).not.toEqual([]);
  });

  it.each([
    ['Q4_0', 'high_nibbles_less_8(g.q.w)', 'high_nibbles_less_8(g.q.z)'],
    ['Q6_K', '(normal - 6.103515625e-5) + normal', '0.0'], // subnormal scales flushed
    ['Q4_K', 'b & 63u, j < 4u', 'b & 63u, j < 3u'],
    ['F32', 'w[i] * params.scale', 'w[i]'],
    ['F32', 'token - params.first_token < params.num_tokens', 'token - params.first_token < params.num_tokens + 1u'],
    ['Q5_K', 'wq[at + 1u] >> vec4<u32>(j)', 'wq[at + 1u] >> vec4<u32>(j & 3u)'], // fifth bits of another group
    ['Q5_0', 'scale_half(at + 2u) << 16u', 'scale_half(at + 1u) << 16u'],
    ['Q3_K', 'scale_half(first + 4u + (j & 1u))', 'scale_half(first + 4u)'],
    ['Q2_K', '(both >> 12u) & 15u', '(both >> 4u) & 15u'],
    ['IQ4_XS', '16u + j * 2u', '16u + j'],
    ['MXFP4', 'max(exponent, 1u) - 1u', 'exponent'],
    ['TQ1_0', '(q * power) & vec4<u32>(255u)', 'q * power'],
    ['TQ2_0', '(group >> 2u) & 1u', 'group & 1u'],
  ])('finds a mistake planted in %s: %s -> %s', async (name, right, wrong) => {
    const type = ALL_BLOCK_TYPES.find((candidate) => candidate.name === name);
    if (type === undefined) throw new Error(`no ${name}`);
    const found: string[] = [];
    for (const [i, one] of CASES.entries()) {
      found.push(...(await check(runner(), planted(embed(type), right, wrong), type, 31 + i, one)));
    }
    expect(found).not.toEqual([]);
  });
});
