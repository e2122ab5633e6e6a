/** Embedding gather from a table of any block type. Knows nothing of vocabularies. */
import stepWgsl from '../lib/step.wgsl?raw';
import type { BlockType } from '../blocks/block-type.ts';
import type { Kernel } from '../kernel.ts';
import embedWgsl from './embed.wgsl?raw';

/** `scale` is an f32. */
export const EMBED_PARAMS = ['first_token', 'num_tokens', 'num_groups', 'scale', 'index_by', 'add_to_out'] as const;

/** Which row of the table a row of the batch takes. */
export type EmbedIndex = 'token' | 'position' | 'first';

export const EMBED_INDICES: readonly EmbedIndex[] = ['token', 'position', 'first'];

/** Bindings: wq, ws, step, params, rows, out; a thread a (row, group of 32), 64 a workgroup. */
export function embed(type: BlockType): Kernel {
  return {
    name: `embed_${type.name.toLowerCase()}${type.features.includes('shader-f16') ? '_native' : ''}`,
    code: [type.wgsl, stepWgsl, embedWgsl].join('\n'),
    bindings: ['read', 'read', 'uniform', 'uniform', 'read', 'readWrite'],
    constants: {},
    features: type.features,
  };
}
