/**
 * The check of what rotates queries and keys and appends keys and values to the cache: both kinds of pairs, a part of the head,
 * one shard of a pool, in which slots that no row owns keep what they hold. Values exceed f16 where the cache can hold them.
 * Runs nothing.
 */
import { halfToNumber } from '../blocks/block-type.ts';
import { hadamardRef } from '../hadamard/hadamard.ref.ts';
import type { Kernel } from '../kernel.ts';
import { isBlockLayout, KV_LAYOUTS, type KvBlockLayout, type KvLayout } from '../lib/kv-layout.ts';
import { dequantiseRef, pageWords, readSlot, slotAt } from '../lib/kv.ref.ts';
import { hadamardElements, kvSlotShape } from '../lib/kv.ts';
import { ROPE_PARAMS, ropeThreadsPerHead } from '../rope/rope.ts';
import { rotateRef } from '../rope/rope.ref.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { asU32, plainCheck, type PlainOutput, type PlainRun } from './plain-check.ts';
import {
  exactly,
  hadamardTolerance,
  halfTolerance,
  quantTolerance,
  rotationTolerance,
  type Expected,
} from './tolerance.ts';
import { randomFloats, seededRandom, shuffled, signed, UNTOUCHED } from './values.ts';

const [NUM_HEADS, NUM_KV_HEADS, NUM_ROWS, ROT_DIM] = [3, 2, 5, 16];
const [BLOCK_TOKENS, FIRST_BLOCK, NUM_BLOCKS] = [4, 1, 2];
const ANGLE_STRIDE = ROT_DIM / 2 + 1;
/** What words of the cache hold that are not written: halves of 8192. */
const FILL = 0x70007000;

/** A head as exact arithmetic has it, before it is stored. */
type Head = readonly Expected[];

export function ropeCheck(kernel: Kernel): KernelCheck {
  const layout = KV_LAYOUTS.find((one) => kernel.name.startsWith(`rope_append_${one}`)) ?? 'f32';
  return plainCheck(kernel, [
    runOf(layout, headDimOf(kernel, layout), false),
    runOf(layout, headDimOf(kernel, layout), true),
  ]);
}

/** One whose scales are of as many elements as the kernel was made for, with a transform of more where it may have one. */
function headDimOf({ constants }: Kernel, layout: KvLayout): number {
  if (!isBlockLayout(layout)) return 20;
  const scaleElements = 4 * (constants['QUADS'] ?? 1);
  return scaleElements === 32 ? 64 : 5 * scaleElements;
}

function runOf(layout: KvLayout, headDim: number, halves: boolean): PlainRun {
  const random = seededRandom(halves ? 162 : 161);
  const hadamard = isBlockLayout(layout) ? hadamardElements(headDim) : 1;
  const width = (NUM_HEADS + 2 * NUM_KV_HEADS) * headDim;
  const [qkvStride, qStride] = [width + 12, NUM_HEADS * headDim + 4];
  const qkv = randomFloats(random, NUM_ROWS * qkvStride, isBlockLayout(layout) ? 10 : 1e5);
  const angles = Float32Array.from({ length: NUM_ROWS * ANGLE_STRIDE * 2 }, () => signed(random, 0.5));
  const queryScale = (r: number) => 2 ** (r % 3);
  for (let r = 0; r < NUM_ROWS; r++) angles[((r + 1) * ANGLE_STRIDE - 1) * 2] = queryScale(r);
  // Of five rows, at least one is in a block of another shard.
  const slots = [...shuffled(random, NUM_BLOCKS * BLOCK_TOKENS).map((slot) => slot + FIRST_BLOCK * BLOCK_TOKENS)];
  slots[3] = 2;
  const headAt = (r: number, head: number): Head => {
    const x = qkv.subarray(r * qkvStride + head * headDim, r * qkvStride + (head + 1) * headDim);
    const isValue = head >= NUM_HEADS + NUM_KV_HEADS;
    const rowAngles = angles.subarray(r * ANGLE_STRIDE * 2, (r + 1) * ANGLE_STRIDE * 2);
    return transformed(rotateRef(x, rowAngles, isValue ? 0 : ROT_DIM, halves), hadamard);
  };
  const q = new Float32Array(NUM_ROWS * qStride).fill(UNTOUCHED);
  const expectedQ = Array.from(q, (before, i): Expected => {
    const [r, column] = [Math.floor(i / qStride), i % qStride];
    if (column >= NUM_HEADS * headDim) return exactly(before);
    const { value, tolerance } = headAt(r, Math.floor(column / headDim))[column % headDim] ?? exactly(NaN);
    return { value: value * queryScale(r), tolerance: tolerance * queryScale(r) };
  });
  const rows = slots.slice(0, NUM_ROWS);
  /** The head of the cache at a slot of the shard, where a row owns it. */
  const stored = (slot: number, kvHead: number, part: 0 | 1): Head | undefined => {
    const r = rows.indexOf(FIRST_BLOCK * BLOCK_TOKENS + slot);
    return r < 0 ? undefined : headAt(r, NUM_HEADS + part * NUM_KV_HEADS + kvHead);
  };
  const poolOf = isBlockLayout(layout) ? blocksPool(layout, headDim) : plainPool(layout, headDim);
  const threads = (NUM_HEADS + 2 * NUM_KV_HEADS) * ropeThreadsPerHead(layout, headDim);
  const params = packParams(
    ROPE_PARAMS,
    {
      num_heads: NUM_HEADS,
      num_kv_heads: NUM_KV_HEADS,
      head_dim: headDim,
      rot_dim: ROT_DIM,
      qkv_stride: qkvStride,
      q_stride: qStride,
      block_tokens: BLOCK_TOKENS,
      first_block: FIRST_BLOCK,
      num_blocks: NUM_BLOCKS,
      rotate_halves: halves ? 1 : 0,
      write_q: 1,
      hadamard,
      scale: 1 / Math.sqrt(hadamard),
      angle_stride: ANGLE_STRIDE,
    },
    ['scale'],
  );
  const rowWords = Uint32Array.from(rows.flatMap((slot, r) => [0, 1000 + r, slot, 0]));
  return {
    bindings: [packStepRows(NUM_ROWS, 0), params, qkv, angles, rowWords, q, poolOf.words, poolOf.words],
    workgroups: [Math.ceil(threads / 64), NUM_ROWS, 1],
    outputs: [
      { binding: 5, expected: expectedQ },
      poolOf.output(6, (slot, kvHead) => stored(slot, kvHead, 0)),
      poolOf.output(7, (slot, kvHead) => stored(slot, kvHead, 1)),
    ],
  };
}

function transformed(rotated: ReturnType<typeof rotateRef>, hadamard: number): Head {
  const plain = rotated.map(({ value, products }): Expected => ({
    value,
    tolerance: products[1] === 0 ? 0 : rotationTolerance(...products),
  }));
  if (hadamard === 1) return plain;
  const values = plain.map(({ value }) => value);
  const inputTolerance = Math.max(...plain.map(({ tolerance }) => tolerance));
  return Array.from(hadamardRef(values, hadamard), (value, e): Expected => {
    const first = e - (e % hadamard);
    const norm = Math.hypot(...values.slice(first, first + hadamard));
    return { value, tolerance: hadamardTolerance(hadamard, norm, inputTolerance) };
  });
}

type StoredAt = (slot: number, kvHead: number) => Head | undefined;

interface Pool {
  readonly words: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  readonly output: (binding: number, stored: StoredAt) => PlainOutput;
}

/** Slots of the shard with their heads, in the order in which the pool has them: [block][kv head][slot in block]. */
function eachSlot<T>(visit: (slot: number, kvHead: number, page: number) => readonly T[]): T[] {
  const all: T[] = [];
  for (let block = 0; block < NUM_BLOCKS; block++) {
    for (let kvHead = 0; kvHead < NUM_KV_HEADS; kvHead++) {
      for (let s = 0; s < BLOCK_TOKENS; s++) {
        all.push(...visit(block * BLOCK_TOKENS + s, kvHead, block * NUM_KV_HEADS + kvHead));
      }
    }
  }
  return all;
}

/** f32 as it is; f16 saturates. */
function plainPool(layout: 'f32' | 'f16', headDim: number): Pool {
  const length = NUM_BLOCKS * NUM_KV_HEADS * BLOCK_TOKENS * headDim;
  const isHalf = layout === 'f16';
  const words = isHalf ? new Uint32Array(length / 2).fill(FILL) : new Float32Array(length).fill(UNTOUCHED);
  const untouched = exactly(isHalf ? halfToNumber(FILL & 0xffff) : UNTOUCHED);
  const asStored = ({ value, tolerance }: Expected): Expected => {
    if (!isHalf) return { value, tolerance };
    const kept = Math.min(65504, Math.max(-65504, value));
    return { value: kept, tolerance: tolerance + halfTolerance(kept) };
  };
  const halves = (output: Float32Array) =>
    Float32Array.from(new Uint16Array(output.buffer, output.byteOffset, output.length * 2), halfToNumber);
  return {
    words,
    output: (binding, stored) => ({
      binding,
      expected: eachSlot(
        (slot, kvHead) => stored(slot, kvHead)?.map(asStored) ?? new Array<Expected>(headDim).fill(untouched),
      ),
      ...(isHalf ? { read: halves } : {}),
    }),
  };
}

/** What slots stand for; of those that nobody owns, the groups as the words that were there have them. */
function blocksPool(layout: KvBlockLayout, headDim: number): Pool {
  const words = new Uint32Array(NUM_BLOCKS * NUM_KV_HEADS * pageWords(layout, headDim, BLOCK_TOKENS)).fill(FILL);
  const { scaleElements } = kvSlotShape(layout, headDim);
  const valuesOf = (from: Uint32Array) =>
    eachSlot((slot, _, page) => {
      const at = slotAt(layout, headDim, BLOCK_TOKENS, page, slot % BLOCK_TOKENS);
      return readSlot(layout, from, at, headDim).flatMap((group) => dequantiseRef(layout, group));
    });
  const before = valuesOf(words);
  const quantised = (head: Head): Head =>
    head.map(({ value, tolerance }, e) => {
      const first = e - (e % scaleElements);
      const top = head
        .slice(first, first + scaleElements)
        .reduce((best, x) => (Math.abs(x.value) > Math.abs(best) ? x.value : best), 0);
      const d = layout === 'q8_0' ? Math.abs(top) / 127 : top / -8;
      return { value, tolerance: quantTolerance(layout, d, value, tolerance) };
    });
  return {
    words,
    output: (binding, stored) => {
      let at = 0;
      return {
        binding,
        expected: eachSlot((slot, kvHead) => {
          const first = at;
          at += headDim;
          const head = stored(slot, kvHead);
          return head === undefined ? before.slice(first, at).map(exactly) : quantised(head);
        }),
        read: (output) => valuesOf(asU32(output)),
      };
    },
  };
}
