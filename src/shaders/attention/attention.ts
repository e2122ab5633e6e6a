/**
 * Attention over the paged cache: `split` + `reduce` for single rows, `flash` for prompt rows. The length of a chunk or
 * tile depends on the model and the cache's layout alone, never on how many rows there are.
 */
import softcapWgsl from '../lib/softcap.wgsl?raw';
import stepWgsl from '../lib/step.wgsl?raw';
import type { KvLayout } from '../lib/kv-layout.ts';
import { kvReadWgsl } from '../lib/kv.ts';
import type { Kernel } from '../kernel.ts';
import flashWgsl from './attention_flash.wgsl?raw';
import attentionRowsWgsl from './attention_rows.wgsl?raw';
import reduceWgsl from './attention_reduce.wgsl?raw';
import latentJoinWgsl from './latent_join.wgsl?raw';
import noSinkWgsl from './no_sink.wgsl?raw';
import sinkWgsl from './sink.wgsl?raw';
import splitWgsl from './attention_split.wgsl?raw';
import visibleWgsl from './visible.wgsl?raw';
import visibleAroundWgsl from './visible_around.wgsl?raw';
import visibleBeforeWgsl from './visible_before.wgsl?raw';

/** Longest head that the kernels have room for. */
export const MAX_HEAD_DIM = 576;

/** A window that hides no key. */
export const NO_WINDOW = 0xffffffff;

/** Fields of `AttentionParams`; `scale` and `softcap` are f32. */
export const SPLIT_PARAMS = [
  'num_heads',
  'num_kv_heads',
  'groups_per_kv',
  'block_tokens',
  'first_block',
  'num_blocks',
  'max_chunks',
  'q_stride',
  'all_rows',
  'scale',
  'window',
  'softcap',
] as const;
export const REDUCE_PARAMS = [
  'num_heads',
  'head_words',
  'chunk',
  'max_chunks',
  'out_stride',
  'all_rows',
  'window',
] as const;
/** Fields of `FlashParams`; `scale` and `softcap` are f32. */
export const FLASH_PARAMS = [
  'num_kv_heads',
  'heads_per_kv',
  'block_tokens',
  'q_stride',
  'out_stride',
  'scale',
  'head_words',
  'window',
  'softcap',
] as const;

export const LATENT_PARAMS = [
  'num_heads',
  'rope_words',
  'latent_words',
  'plain_words',
  'kv_words',
  'out_words',
] as const;

/** Bindings: step, params, q, absorbed, kv, out. Grid: words of the heads, key and value of a row / 64, row. */
export const latentJoin: Kernel = {
  name: 'attention_latent_join_f32',
  code: [stepWgsl, latentJoinWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};

/** Which keys a prompt row sees: those before it, or, in an encoder, on both sides. */
export type Visible = 'before' | 'around';

function visible(keys: Visible): { readonly wgsl: string; readonly suffix: string } {
  return keys === 'before'
    ? { wgsl: [visibleWgsl, visibleBeforeWgsl].join('\n'), suffix: '' }
    : { wgsl: visibleAroundWgsl, suffix: '_around' };
}

/** Of prompt rows. */
export interface PromptAttentionOptions {
  /** Default: before. */
  readonly keys?: Visible;
  /** Every head has an attention sink; default: none has. */
  readonly sinks?: boolean;
}

/** Rows a flash workgroup takes. */
export const FLASH_TILE_ROWS = 16;

/** Floats of workgroup storage that every device has. */
const SHARED_FLOATS = 16384 / 4;

/**
 * Query heads one split workgroup serves: the largest divisor of the GQA group that is at most 8 and whose queries and
 * scores fit the workgroup's storage.
 */
export function splitGroup(headsPerKv: number, headDim: number, chunk: number): number {
  const most = Math.min(8, headsPerKv, Math.floor(SHARED_FLOATS / (headDim + chunk)));
  for (let size = most; size > 1; size--) if (headsPerKv % size === 0) return size;
  return 1;
}

/** Bindings: step, params, q, k, v, rows, tables, part_out, part_stats. Grid: chunk, kv head x group, row. */
export function attentionSplit(kv: KvLayout, headDim: number, group: number, chunk: number): Kernel {
  return {
    name: `attention_split_${kv}_d${String(headDim)}_g${String(group)}_c${String(chunk)}`,
    code: [stepWgsl, kvReadWgsl(kv), softcapWgsl, visibleWgsl, splitWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'read', 'read', 'readWrite', 'readWrite'],
    constants: {
      GROUP: group,
      HEAD_DIM: headDim,
      CHUNK: chunk,
      Q_WORDS: (group * headDim) / 4,
      NUM_SCORES: group * chunk,
    },
    features: [],
  };
}

/** Adds what becomes of attention sinks, and their binding behind all others where there are some. */
function withSinks(kernel: Kernel, sinks: boolean): Kernel {
  if (!sinks) return { ...kernel, code: `${noSinkWgsl}\n${kernel.code}` };
  const declaration = `@group(0) @binding(${String(kernel.bindings.length)}) var<storage, read> sinks: array<f32>;`;
  return {
    ...kernel,
    name: `${kernel.name}_sinks`,
    code: [declaration, sinkWgsl, kernel.code].join('\n'),
    bindings: [...kernel.bindings, 'read'],
  };
}

function reduceKernel(sinks: boolean): Kernel {
  const kernel: Kernel = {
    name: 'attention_reduce_f32',
    code: [stepWgsl, visibleWgsl, reduceWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite'],
    constants: {},
    features: [],
  };
  return withSinks(kernel, sinks);
}

/** Bindings: step, params, part_out, part_stats, rows, out. Grid: head x head_dim / 4 / 64, row. */
export const attentionReduce = reduceKernel(false);

/** The same with attention sinks. Bindings: those, and sinks. */
export const attentionReduceSinks = reduceKernel(true);

/** Bindings: step, params, q, k, v, rows, tables, tiles, out, and sinks where there are some. Grid: tile, head. */
export function attentionFlash(
  kv: KvLayout,
  headDim: number,
  { keys = 'before', sinks = false }: PromptAttentionOptions = {},
): Kernel {
  const { wgsl, suffix } = visible(keys);
  // At most 8 KiB of shared memory for the tile: 2048 floats.
  const tileK = Math.min(32, 2 ** Math.floor(Math.log2(2048 / headDim)));
  const kernel: Kernel = {
    name: `attention_flash_${kv}_d${String(headDim)}${suffix}`,
    code: [stepWgsl, kvReadWgsl(kv), softcapWgsl, wgsl, flashWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'read', 'read', 'read', 'readWrite'],
    constants: {
      HEAD_DIM: headDim,
      TILE_K: tileK,
      KV_WORDS: (tileK * headDim) / 4,
      NUM_SCORES: FLASH_TILE_ROWS * tileK,
      OWN_WORDS: Math.ceil(headDim / 16),
    },
    features: [],
  };
  return withSinks(kernel, sinks);
}

/**
 * Prompt rows on software adapters. Bindings: step, params, q, k, v, rows, tables, out, and sinks where there are some.
 * Grid: rows / 64, head.
 */
export function attentionRows(kv: KvLayout, { keys = 'before', sinks = false }: PromptAttentionOptions = {}): Kernel {
  const { wgsl, suffix } = visible(keys);
  const kernel: Kernel = {
    name: `attention_rows_${kv}${suffix}`,
    code: [stepWgsl, kvReadWgsl(kv), softcapWgsl, wgsl, attentionRowsWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'read', 'read', 'readWrite'],
    constants: {},
    features: [],
  };
  return withSinks(kernel, sinks);
}
