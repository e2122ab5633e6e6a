/** Rotary position embedding fused with the append to the paged key-value cache. */
import hadamardWgsl from '../lib/hadamard.wgsl?raw';
import { isBlockLayout, type KvBlockLayout, type KvLayout } from '../lib/kv-layout.ts';
import { kvSlotShape, kvWgsl } from '../lib/kv.ts';
import stepWgsl from '../lib/step.wgsl?raw';
import toHalfWgsl from '../lib/to_half.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import ropeWgsl from './rope.wgsl?raw';
import appendWgsl from './rope_append.wgsl?raw';
import appendBlocksWgsl from './rope_append_blocks.wgsl?raw';

/** `scale` is an f32. */
export const ROPE_PARAMS = [
  'num_heads',
  'num_kv_heads',
  'head_dim',
  'rot_dim',
  'qkv_stride',
  'q_stride',
  'block_tokens',
  'first_block',
  'num_blocks',
  'rotate_halves',
  'write_q',
  'hadamard',
  'scale',
  'angle_stride',
] as const;

/** Bindings: step, params, qkv, angles, rows, q_out, k_pool, v_pool; x: threads of a row, 64 a workgroup; y: rows. */
export function ropeAppend(kv: KvLayout, headDim: number): Kernel {
  const append = isBlockLayout(kv) ? blocksVariant(kv, headDim) : plainVariant(kv);
  return {
    ...append,
    bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite', 'readWrite', 'readWrite'],
    features: [],
  };
}

type Variant = Pick<Kernel, 'name' | 'code' | 'constants'>;

function plainVariant(kv: 'f32' | 'f16'): Variant {
  return { name: `rope_append_${kv}`, code: [stepWgsl, kvWgsl(kv), ropeWgsl, appendWgsl].join('\n'), constants: {} };
}

function blocksVariant(kv: KvBlockLayout, headDim: number): Variant {
  const { scaleElements } = kvSlotShape(kv, headDim);
  return {
    name: `rope_append_${kv}_b${String(scaleElements)}`,
    code: [stepWgsl, kvWgsl(kv), toHalfWgsl, hadamardWgsl, ropeWgsl, appendBlocksWgsl].join('\n'),
    constants: { QUADS: scaleElements / 4 },
  };
}

/** Threads that a head takes: two elements each, or a word of scales. */
export function ropeThreadsPerHead(kv: KvLayout, headDim: number): number {
  return isBlockLayout(kv) ? kvSlotShape(kv, headDim).scaleWords : headDim / 2;
}
