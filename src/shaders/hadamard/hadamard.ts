/** The Walsh-Hadamard transform of the rows of a matrix, in blocks of a power of two of at least 4. */
import type { Kernel } from '../kernel.ts';
import hadamardWgsl from '../lib/hadamard.wgsl?raw';
import wgsl from './hadamard.wgsl?raw';

/** Fields of `HadamardParams`; `scale` is an f32. */
export const HADAMARD_PARAMS = ['num_chunks', 'num_parts', 'stride', 'scale'] as const;

/** Bindings: params, x, out. Grid: chunks of a row / 64, row. */
export function hadamard(blockElements: number): Kernel {
  const quads = chunkElements(blockElements) / 4;
  return {
    name: `hadamard_q${String(quads)}`,
    code: [hadamardWgsl, wgsl].join('\n'),
    bindings: ['uniform', 'read', 'readWrite'],
    constants: { QUADS: quads },
    features: [],
  };
}

/** Elements that a thread computes. */
export function chunkElements(blockElements: number): number {
  return Math.min(32, blockElements);
}
