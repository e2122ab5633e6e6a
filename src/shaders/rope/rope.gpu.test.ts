/**
 * Rotation and append to the paged cache against the oracle: both kinds of pairs, partial rotation, f32 and f16 caches,
 * scattered slots, several shards. Slots that no row owns keep what they hold.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import { halfToNumber } from '../blocks/block-type.ts';
import type { Kernel } from '../kernel.ts';
import { differences, exactly, halfTolerance, rotationTolerance, type Expected } from '../vectors/tolerance.ts';
import { planted, randomFloats, seededRandom, shuffled, signed, UNTOUCHED } from '../testing/values.ts';
import { ROPE_PARAMS, ropeAppend } from './rope.ts';
import { rotateRef, type Rotated } from './rope.ref.ts';

/** The quantised layouts have tests of their own. */
type Layout = 'f32' | 'f16';

interface RopeCase {
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly rotDim: number;
  readonly halves: boolean;
  readonly numRows: number;
  readonly scale: number;
}

const CASES: readonly RopeCase[] = [
  { numHeads: 1, numKvHeads: 1, headDim: 8, rotDim: 8, halves: false, numRows: 1, scale: 1 },
  { numHeads: 6, numKvHeads: 2, headDim: 20, rotDim: 20, halves: false, numRows: 11, scale: 1e5 },
  { numHeads: 4, numKvHeads: 2, headDim: 80, rotDim: 20, halves: true, numRows: 7, scale: 1 },
  { numHeads: 7, numKvHeads: 1, headDim: 64, rotDim: 64, halves: true, numRows: 5, scale: 1 },
  { numHeads: 2, numKvHeads: 2, headDim: 96, rotDim: 32, halves: false, numRows: 5, scale: 1 },
  { numHeads: 2, numKvHeads: 1, headDim: 16, rotDim: 0, halves: false, numRows: 4, scale: 1 },
];
const BLOCK_TOKENS = 4;
const NUM_BLOCKS = 5;
const SHARDS = [
  [3, 2],
  [0, 3],
] as const; // first block, number of blocks; the second first

type Row = readonly Rotated[];

function words(layout: Layout, length: number): Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> {
  return layout === 'f32' ? new Float32Array(length).fill(UNTOUCHED) : new Uint32Array(length / 2).fill(0x70007000);
}

function numbers(layout: Layout, bytes: ArrayBuffer | undefined): Float32Array {
  if (bytes === undefined) throw new Error('no output');
  return layout === 'f32' ? new Float32Array(bytes) : Float32Array.from(new Uint16Array(bytes), halfToNumber);
}

const expectRotated = ({ value, products }: Rotated): Expected => ({
  value,
  tolerance: products[1] === 0 ? 0 : rotationTolerance(...products),
});

/** As the cache holds it: f16 saturates. */
function expectStored(layout: Layout, rotated: Rotated): Expected {
  const { value, tolerance } = expectRotated(rotated);
  if (layout === 'f32') return { value, tolerance };
  const stored = Math.min(65504, Math.max(-65504, value));
  return { value: stored, tolerance: tolerance + halfTolerance(stored) };
}

async function check(runner: KernelRunner, kernel: Kernel, layout: Layout, seed: number, one: RopeCase) {
  const { numHeads, numKvHeads, headDim, rotDim, halves, numRows } = one;
  const random = seededRandom(seed);
  const width = (numHeads + 2 * numKvHeads) * headDim;
  const [qkvStride, qStride] = [width + 12, numHeads * headDim + 4];
  const qkv = randomFloats(random, numRows * qkvStride, one.scale);
  // Behind a row's pairs one of a wider table, and what its queries are scaled by, a power of two.
  const angleStride = rotDim / 2 + 2;
  const angles = Float32Array.from({ length: numRows * angleStride * 2 }, () => signed(random, 0.5));
  const queryScale = (r: number) => 2 ** (r % 3);
  for (let r = 0; r < numRows; r++) angles[((r + 1) * angleStride - 1) * 2] = queryScale(r);
  const slots = shuffled(random, NUM_BLOCKS * BLOCK_TOKENS).slice(0, numRows);
  const rows = Uint32Array.from(slots.flatMap((slot, r) => [0, 1000 + r, slot, 0]));
  const rotatedRows = slots.map((_, r): readonly Row[] =>
    Array.from({ length: numHeads + 2 * numKvHeads }, (_unused, head) => {
      const x = qkv.subarray(r * qkvStride + head * headDim, r * qkvStride + (head + 1) * headDim);
      const isValue = head >= numHeads + numKvHeads;
      return rotateRef(
        x,
        angles.subarray(r * angleStride * 2, (r + 1) * angleStride * 2),
        isValue ? 0 : rotDim,
        halves,
      );
    }),
  );
  const poolLength = (numBlocks: number) => numBlocks * numKvHeads * BLOCK_TOKENS * headDim;
  let q = new Float32Array(numRows * qStride).fill(UNTOUCHED);
  const problems: string[] = [];
  for (const [i, [firstBlock, numBlocks]] of SHARDS.entries()) {
    const params = packFields(ROPE_PARAMS, {
      num_heads: numHeads,
      num_kv_heads: numKvHeads,
      head_dim: headDim,
      rot_dim: rotDim,
      qkv_stride: qkvStride,
      q_stride: qStride,
      block_tokens: BLOCK_TOKENS,
      first_block: firstBlock,
      num_blocks: numBlocks,
      rotate_halves: halves ? 1 : 0,
      write_q: i === 0 ? 1 : 0,
      hadamard: 1,
      scale: { f32: 1 },
      angle_stride: angleStride,
    });
    const step = packStep({ numPrompt: numRows });
    const pool = words(layout, poolLength(numBlocks));
    const bindings = [step, params, qkv, angles, rows, q, pool, pool];
    const results = await runner.run(kernel, bindings, [Math.ceil(width / 2 / 64), numRows, 1]);
    q = new Float32Array(results[5] ?? new ArrayBuffer(0));
    for (const [part, binding] of [numHeads, numHeads + numKvHeads].map((first, k) => [first, 6 + k] as const)) {
      const before = numbers(layout, pool.buffer);
      const expected = Array.from(before, exactly);
      slots.forEach((slot, r) => {
        const block = Math.floor(slot / BLOCK_TOKENS) - firstBlock;
        if (block < 0 || block >= numBlocks) return;
        for (let kv = 0; kv < numKvHeads; kv++) {
          const at = ((block * numKvHeads + kv) * BLOCK_TOKENS + (slot % BLOCK_TOKENS)) * headDim;
          rotatedRows[r]?.[part + kv]?.forEach((rotated, e) => (expected[at + e] = expectStored(layout, rotated)));
        }
      });
      problems.push(...differences(numbers(layout, results[binding]), expected));
    }
  }
  const expectedQ = Array.from({ length: numRows * qStride }, (_, i): Expected => {
    const [r, column] = [Math.floor(i / qStride), i % qStride];
    const rotated =
      column < numHeads * headDim ? rotatedRows[r]?.[Math.floor(column / headDim)]?.[column % headDim] : undefined;
    if (rotated === undefined) return exactly(UNTOUCHED);
    const { value, tolerance } = expectRotated(rotated);
    return { value: value * queryScale(r), tolerance: tolerance * queryScale(r) };
  });
  return [...problems, ...differences(q, expectedQ)];
}

describeOnAdapters((runner) => {
  const all = (['f32', 'f16'] as const).flatMap((layout) => CASES.map((one, i) => ({ layout, one, seed: 71 + i })));
  it.for(all)(
    'rope_append_$layout: $one.numHeads heads of $one.headDim, $one.rotDim rotated, seed $seed',
    async ({ layout, one, seed }) => {
      expect(await check(runner(), ropeAppend(layout, one.headDim), layout, seed, one)).toEqual([]);
    },
  );

  it.for<readonly [string, string]>([
    ['select(-1.0, 1.0, is_high)', '1.0'],
    ['e >= params.rot_dim', 'e > params.rot_dim'],
    ['angles[r * params.angle_stride + i + 1u]', 'a'],
    [' * query_scale(r)', ''],
    ['slot % params.block_tokens', '(slot + 1u) % params.block_tokens'],
    ['block - params.first_block < params', 'block < params'],
    ['(head - params.num_heads) % params.num_kv_heads', '0u'],
    ['v_pool[at] = pack_kv(vec2<f32>(', 'v_pool[at] = pack_kv(1.00001 * vec2<f32>('],
    ['return pair;', 'return clamp(pair, vec2<f32>(-65504.0), vec2<f32>(65504.0));'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    const found: string[] = [];
    for (const [i, one] of CASES.entries()) {
      found.push(...(await check(runner(), planted(ropeAppend('f32', one.headDim), right, wrong), 'f32', 71 + i, one)));
    }
    expect(found).not.toEqual([]);
  });
});
