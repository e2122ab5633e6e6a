/** Rotary position embedding fused with the append to the paged key-value cache. */
import stepWgsl from '../lib/step.wgsl?raw';
import { kvWgsl, type KvLayout } from '../lib/kv.ts';
import type { Kernel } from '../kernel.ts';
import ropeWgsl from './rope_append.wgsl?raw';

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
] as const;

/** Bindings: step, params, qkv, angles, rows, q_out, k_pool, v_pool; x: pairs of elements, 64 a workgroup; y: rows. */
export function ropeAppend(kv: KvLayout): Kernel {
  return {
    name: `rope_append_${kv}`,
    code: [stepWgsl, kvWgsl(kv), ropeWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite', 'readWrite', 'readWrite'],
    constants: {},
    features: [],
  };
}
