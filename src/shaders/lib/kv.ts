/**
 * How keys and values are stored, for the kernels that write and read them, and the bytes it takes. In the quantised
 * layouts as many elements share a half scale as the largest power of two that divides the head says, at most 32: for
 * heads of 64, 128, 256 that is ggml's 34 (q8_0) and 18 (q4_0) bytes for 32 elements. Knows nothing of pools or shards.
 */
import { isBlockLayout, type KvBlockLayout, type KvLayout } from './kv-layout.ts';
import bytesWgsl from './bytes.wgsl?raw';
import halfWgsl from './half.wgsl?raw';
import f16Wgsl from './kv_f16.wgsl?raw';
import f32Wgsl from './kv_f32.wgsl?raw';
import q4Wgsl from './kv_q4_0.wgsl?raw';
import q8Wgsl from './kv_q8_0.wgsl?raw';
import readBlocksWgsl from './kv_read_blocks.wgsl?raw';
import readPlainWgsl from './kv_read_plain.wgsl?raw';

/** How a unit of the pool is packed and unpacked. */
export function kvWgsl(layout: KvLayout): string {
  switch (layout) {
    case 'f32':
      return f32Wgsl;
    case 'f16':
      return f16Wgsl;
    case 'q8_0':
      return bytesWgsl + q8Wgsl;
    case 'q4_0':
      return bytesWgsl + q4Wgsl;
  }
}

/** Defines `KvQuad`, `kv_slot`, `key_quad` and `value_quad` on the pools `k_pool` and `v_pool` of `KvQuad`. */
export function kvReadWgsl(layout: KvLayout): string {
  return kvWgsl(layout) + (isBlockLayout(layout) ? halfWgsl + readBlocksWgsl : readPlainWgsl);
}

/** Elements of a block of the Hadamard transform: the largest power of two that divides the head. */
export function hadamardElements(headDim: number): number {
  return headDim & -headDim;
}

/** What a slot (a token of a kv head) takes in a quantised layout. */
export interface KvSlotShape {
  /** Elements that share a scale. */
  readonly scaleElements: number;
  readonly numScales: number;
  /** Both planes are whole words a slot, so that no two rows write the same word. */
  readonly quantWords: number;
  readonly scaleWords: number;
}

export function kvSlotShape(layout: KvBlockLayout, headDim: number): KvSlotShape {
  const scaleElements = Math.min(32, hadamardElements(headDim));
  const numScales = headDim / scaleElements;
  return {
    scaleElements,
    numScales,
    quantWords: Math.ceil(headDim / (layout === 'q8_0' ? 4 : 8)),
    scaleWords: Math.ceil(numScales / 2),
  };
}

/** Bytes of one token's keys (or values) of one kv head. */
export function kvSlotBytes(layout: KvLayout, headDim: number): number {
  if (!isBlockLayout(layout)) return headDim * (layout === 'f32' ? 4 : 2);
  const { quantWords, scaleWords } = kvSlotShape(layout, headDim);
  return 4 * (quantWords + scaleWords);
}
