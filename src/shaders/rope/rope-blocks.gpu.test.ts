/**
 * Rotation, transform and append to a quantised cache against the oracles: every size of what shares a scale, transforms of
 * one chunk and of many, scattered slots, two shards. Slots that no row owns keep what they hold. Where the arithmetic is
 * exact, so are the bits that ggml's reference gives.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import { hadamardRef } from '../hadamard/hadamard.ref.ts';
import type { Kernel } from '../kernel.ts';
import type { KvBlockLayout } from '../lib/kv-layout.ts';
import { hadamardElements, kvSlotShape } from '../lib/kv.ts';
import { dequantiseRef, pageWords, quantiseRef, readSlot, slotAt, writeSlot, type Quantised } from '../lib/kv.ref.ts';
import {
  differences,
  exactly,
  hadamardTolerance,
  quantTolerance,
  rotationTolerance,
  type Expected,
} from '../vectors/tolerance.ts';
import { planted, randomFloats, seededRandom, shuffled, signed, wholeBelow, UNTOUCHED } from '../testing/values.ts';
import { ROPE_PARAMS, ropeAppend, ropeThreadsPerHead } from './rope.ts';
import { rotateRef } from './rope.ref.ts';

interface BlocksCase {
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly rotDim: number;
  readonly numRows: number;
  readonly scale: number;
}

const CASES: readonly BlocksCase[] = [
  { numHeads: 2, numKvHeads: 2, headDim: 64, rotDim: 64, numRows: 7, scale: 1 },
  { numHeads: 1, numKvHeads: 1, headDim: 8, rotDim: 8, numRows: 1, scale: 1 },
  { numHeads: 2, numKvHeads: 1, headDim: 20, rotDim: 8, numRows: 5, scale: 1e5 },
  { numHeads: 1, numKvHeads: 2, headDim: 80, rotDim: 80, numRows: 5, scale: 1e-3 },
  { numHeads: 3, numKvHeads: 1, headDim: 96, rotDim: 32, numRows: 3, scale: 1 },
  { numHeads: 1, numKvHeads: 1, headDim: 256, rotDim: 256, numRows: 3, scale: 1 },
];
const BLOCK_TOKENS = 4;
const NUM_BLOCKS = 5;
const SHARDS = [
  [3, 2],
  [0, 3],
] as const; // first block, number of blocks
const FILL = 0x70007000;

interface Inputs {
  readonly qkv: Float32Array<ArrayBuffer>; // [rows][qkvStride]
  readonly angles: Float32Array<ArrayBuffer>; // [rows][rotDim / 2 + 1][2]
  readonly slots: readonly number[];
  readonly qkvStride: number;
  readonly qStride: number;
}

/** A head as exact arithmetic has it, before it is quantised. */
type Head = readonly Expected[];

/** What the queries of row r are scaled by. */
const queryScale = (r: number) => 2 ** (r % 3);

function inputsOf(seed: number, one: BlocksCase): Inputs {
  const random = seededRandom(seed);
  const width = (one.numHeads + 2 * one.numKvHeads) * one.headDim;
  const qkv = randomFloats(random, one.numRows * (width + 12), one.scale);
  const angles = Float32Array.from({ length: one.numRows * (one.rotDim + 2) }, () => signed(random, 0.5));
  for (let r = 0; r < one.numRows; r++) angles[(r + 1) * (one.rotDim + 2) - 2] = queryScale(r);
  const slots = shuffled(random, NUM_BLOCKS * BLOCK_TOKENS).slice(0, one.numRows);
  return { qkv, angles, slots, qkvStride: width + 12, qStride: one.numHeads * one.headDim + 4 };
}

function transformedHeads(one: BlocksCase, { qkv, angles, qkvStride }: Inputs, hadamard: number): readonly Head[][] {
  const { numHeads, numKvHeads, headDim, rotDim } = one;
  return Array.from({ length: one.numRows }, (_, r) =>
    Array.from({ length: numHeads + 2 * numKvHeads }, (_unused, head): Head => {
      const x = qkv.subarray(r * qkvStride + head * headDim, r * qkvStride + (head + 1) * headDim);
      const isValue = head >= numHeads + numKvHeads;
      const rotated = rotateRef(
        x,
        angles.subarray(r * (rotDim + 2), (r + 1) * (rotDim + 2)),
        isValue ? 0 : rotDim,
        false,
      );
      const values = rotated.map(({ value }) => value);
      const inputTolerance = Math.max(...rotated.map(({ products }) => rotationTolerance(...products)));
      return Array.from(hadamardRef(values, hadamard), (value, e): Expected => {
        const block = values.slice(e - (e % hadamard), e - (e % hadamard) + hadamard);
        return { value, tolerance: hadamardTolerance(hadamard, Math.hypot(...block), inputTolerance) };
      });
    }),
  );
}

interface Output {
  readonly q: Float32Array;
  /** [key or value][shard] */
  readonly pools: readonly (readonly Uint32Array[])[];
}

async function append(
  runner: KernelRunner,
  kernel: Kernel,
  one: BlocksCase,
  inputs: Inputs,
  hadamard: number,
  layout: KvBlockLayout,
): Promise<Output> {
  const { numHeads, numKvHeads, headDim, rotDim, numRows } = one;
  const rows = Uint32Array.from(inputs.slots.flatMap((slot, r) => [0, 1000 + r, slot, 0]));
  const threads = (numHeads + 2 * numKvHeads) * ropeThreadsPerHead(layout, headDim);
  let q = new Float32Array(numRows * inputs.qStride).fill(UNTOUCHED);
  const pools: [Uint32Array[], Uint32Array[]] = [[], []];
  for (const [i, [firstBlock, numBlocks]] of SHARDS.entries()) {
    const params = packFields(ROPE_PARAMS, {
      num_heads: numHeads,
      num_kv_heads: numKvHeads,
      head_dim: headDim,
      rot_dim: rotDim,
      qkv_stride: inputs.qkvStride,
      q_stride: inputs.qStride,
      block_tokens: BLOCK_TOKENS,
      first_block: firstBlock,
      num_blocks: numBlocks,
      rotate_halves: 0,
      write_q: i === 0 ? 1 : 0,
      hadamard,
      scale: { f32: 1 / Math.sqrt(hadamard) },
      angle_stride: rotDim / 2 + 1,
    });
    const pool = new Uint32Array(numBlocks * numKvHeads * pageWords(layout, headDim, BLOCK_TOKENS)).fill(FILL);
    const step = packStep({ numPrompt: numRows });
    const bindings = [step, params, inputs.qkv, inputs.angles, rows, q, pool, pool];
    const results = await runner.run(kernel, bindings, [Math.ceil(threads / 64), numRows, 1]);
    q = new Float32Array(results[5] ?? new ArrayBuffer(0));
    pools[0].push(new Uint32Array(results[6] ?? new ArrayBuffer(0)));
    pools[1].push(new Uint32Array(results[7] ?? new ArrayBuffer(0)));
  }
  return { q, pools };
}

/** Every slot of every shard with the row that owns it. */
function eachSlot(
  one: BlocksCase,
  { slots }: Inputs,
  visit: (shard: number, page: number, slot: number, kvHead: number, row: number | undefined) => void,
): void {
  SHARDS.forEach(([firstBlock, numBlocks], shard) => {
    for (let slot = firstBlock * BLOCK_TOKENS; slot < (firstBlock + numBlocks) * BLOCK_TOKENS; slot++) {
      for (let kvHead = 0; kvHead < one.numKvHeads; kvHead++) {
        const page = (Math.floor(slot / BLOCK_TOKENS) - firstBlock) * one.numKvHeads + kvHead;
        const row = slots.indexOf(slot);
        visit(shard, page, slot % BLOCK_TOKENS, kvHead, row < 0 ? undefined : row);
      }
    }
  });
}

async function check(runner: KernelRunner, kernel: Kernel, layout: KvBlockLayout, seed: number, one: BlocksCase) {
  const { numHeads, numKvHeads, headDim } = one;
  const hadamard = hadamardElements(headDim);
  const inputs = inputsOf(seed, one);
  const heads = transformedHeads(one, inputs, hadamard);
  const { q, pools } = await append(runner, kernel, one, inputs, hadamard, layout);
  const problems: string[] = [];
  const untouched = new Uint32Array(pageWords(layout, headDim, BLOCK_TOKENS)).fill(FILL);
  pools.forEach((shards, part) => {
    eachSlot(one, inputs, (shard, page, slot, kvHead, row) => {
      const groups = readSlot(
        layout,
        shards[shard] ?? untouched,
        slotAt(layout, headDim, BLOCK_TOKENS, page, slot),
        headDim,
      );
      if (row === undefined) {
        expect(groups).toEqual(readSlot(layout, untouched, slotAt(layout, headDim, BLOCK_TOKENS, 0, 0), headDim));
        return;
      }
      const head = heads[row]?.[numHeads + part * numKvHeads + kvHead] ?? [];
      problems.push(...differences(decoded(layout, groups), expectQuantised(layout, headDim, head)));
    });
  });
  const expectedQ = Array.from({ length: one.numRows * inputs.qStride }, (_, i): Expected => {
    const [r, column] = [Math.floor(i / inputs.qStride), i % inputs.qStride];
    if (column >= numHeads * headDim) return exactly(UNTOUCHED);
    const { value, tolerance } = heads[r]?.[Math.floor(column / headDim)]?.[column % headDim] ?? exactly(NaN);
    return { value: value * queryScale(r), tolerance: tolerance * queryScale(r) };
  });
  return [...problems, ...differences(q, expectedQ)];
}

function decoded(layout: KvBlockLayout, groups: readonly Quantised[]): readonly number[] {
  return groups.flatMap((group) => dequantiseRef(layout, group));
}

/** Each value within its rounding of the group's exact scale. */
function expectQuantised(layout: KvBlockLayout, headDim: number, head: Head): readonly Expected[] {
  const { scaleElements } = kvSlotShape(layout, headDim);
  return head.map(({ value, tolerance }, e) => {
    const group = head.slice(e - (e % scaleElements), e - (e % scaleElements) + scaleElements);
    const top = group.reduce((best, x) => (Math.abs(x.value) > Math.abs(best) ? x.value : best), 0);
    const d = layout === 'q8_0' ? Math.abs(top) / 127 : top / -8;
    return { value, tolerance: quantTolerance(layout, d, value, tolerance) };
  });
}

/**
 * Nothing rotated, nothing transformed, every value a whole number of quarters of a step: the same bits as the reference,
 * halves of a step, the largest of either sign and scales between two halves included.
 */
async function exactBits(runner: KernelRunner, kernel: Kernel, layout: KvBlockLayout): Promise<readonly string[]> {
  const one = { numHeads: 1, numKvHeads: 2, headDim: 64, rotDim: 0, numRows: 9, scale: 1 };
  const random = seededRandom(5);
  const inputs = { ...inputsOf(5, one), angles: new Float32Array(2 * one.numRows).fill(1) };
  const most = layout === 'q8_0' ? 127 : 8;
  for (let group = 0; group < inputs.qkv.length; group += 32) {
    // Every other scale is no half; then no value is on the border of two quants, for 1/d is rounded.
    const isRounded = random() < 0.5;
    const fraction = isRounded ? (wholeBelow(random, 1024) + 0.75) / 1024 : 0;
    const scale = 2 ** (wholeBelow(random, 40) - 30) * (1 + fraction); // down to where the half is subnormal
    for (let i = 0; i < 32; i++) {
      const quarters = wholeBelow(random, 8 * most + 1) - 4 * most;
      inputs.qkv[group + i] = (scale * (isRounded && (quarters & 3) === 2 ? quarters + 1 : quarters)) / 4;
    }
    inputs.qkv[group + wholeBelow(random, 32)] = scale * (random() < 0.5 ? most : -most);
  }
  // A row starts at a multiple of its stride, not of 32: so that each group has a scale, the rows are laid on groups.
  const width = (one.numHeads + 2 * one.numKvHeads) * one.headDim;
  const laid = { ...inputs, qkvStride: width, qkv: inputs.qkv.slice(0, one.numRows * width) };
  const { pools } = await append(runner, kernel, one, laid, 1, layout);
  const problems: string[] = [];
  pools.forEach((shards, part) => {
    eachSlot(one, laid, (shard, page, slot, kvHead, row) => {
      if (row === undefined) return;
      const at = slotAt(layout, one.headDim, BLOCK_TOKENS, page, slot);
      const first = row * width + (one.numHeads + part * one.numKvHeads + kvHead) * one.headDim;
      const expected = new Uint32Array(shards[shard]?.length ?? 0);
      writeSlot(
        layout,
        expected,
        at,
        [0, 32].map((e) => quantiseRef(layout, laid.qkv.subarray(first + e, first + e + 32))),
      );
      const { quantWords } = kvSlotShape(layout, one.headDim);
      for (const index of [...Array.from({ length: quantWords }, (_, i) => at.quants + i), at.scales]) {
        const [got, want] = [shards[shard]?.[index], expected[index]];
        if (got !== want)
          problems.push(`${String(part)} row ${String(row)} word ${String(index)}: ${String(got)} ${String(want)}`);
      }
    });
  });
  return problems;
}

describeOnAdapters((runner) => {
  const all = (['q8_0', 'q4_0'] as const).flatMap((layout) => CASES.map((one, i) => ({ layout, one, seed: 171 + i })));
  it.for(all)(
    'rope_append_$layout: heads of $one.headDim, $one.rotDim rotated, seed $seed',
    async ({ layout, one, seed }) => {
      expect(await check(runner(), ropeAppend(layout, one.headDim), layout, seed, one)).toEqual([]);
    },
  );

  it.for(['q8_0', 'q4_0'] as const)('%s has the bits of the reference where arithmetic is exact', async (layout) => {
    expect(await exactBits(runner(), ropeAppend(layout, 64), layout)).toEqual([]);
  });

  it.for<readonly [KvBlockLayout, number, string, string]>([
    ['q8_0', 0, 'countOneBits(chunk & j)', 'countOneBits(chunk | j)'],
    ['q8_0', 0, 'pairs.xy - pairs.zw', 'pairs.zw - pairs.xy'],
    ['q8_0', 0, '(*x)[low + stride] = a - b', '(*x)[low + stride] = a + b'],
    ['q8_0', 0, 'scales | (f32_to_half(scale) << (16u * c))', 'f32_to_half(scale) << (16u * c)'],
    ['q8_0', 0, '/ 127.0', '/ 126.0'],
    ['q4_0', 0, 'top / -8.0', 'abs(top) / -8.0'],
    ['q4_0', 0, '(quad % QUADS_A_WORD) * 4u', '0u'],
    ['q4_0', 2, 'let count = min(2u, num_chunks - pair * 2u)', 'let count = 2u'],
    ['q8_0', 0, 'slot % params.block_tokens', '(slot + 1u) % params.block_tokens'],
    ['q8_0', 0, 'block - params.first_block >= params', 'block >= params'],
  ])('finds a planted mistake in %s: case %i, %s -> %s', async ([layout, index, right, wrong]) => {
    const one = CASES[index];
    if (one === undefined) throw new Error('no such case');
    const kernel = planted(ropeAppend(layout, one.headDim), right, wrong);
    const found = await check(runner(), kernel, layout, 171 + index, one).catch((error: unknown) => [String(error)]);
    expect(found).not.toEqual([]);
  });

  it.for<readonly [KvBlockLayout, string, string]>([
    ['q8_0', '>= vec4<f32>(0.5)', '> vec4<f32>(0.5)'],
    ['q8_0', '0xfffu + ((bits >> 13u) & 1u)', '0u'],
    ['q8_0', 'magnitude < 6.103515625e-5', 'false'],
    ['q4_0', 'vec4<f32>(8.5)', 'vec4<f32>(8.49)'],
    ['q4_0', 'abs(v.z) > abs(top)', 'abs(v.z) >= abs(top)'],
  ])('%s: other bits than the reference are noticed: %s -> %s', async ([layout, right, wrong]) => {
    expect(await exactBits(runner(), planted(ropeAppend(layout, 64), right, wrong), layout)).not.toEqual([]);
  });
});
