/** Token shift: its spec. Knows nothing of layers. */
import spanWgsl from '../lib/span.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import shiftWgsl from './token_shift.wgsl?raw';

export const TOKEN_SHIFT_PARAMS = ['num_channels', 'x_stride', 'out_stride', 'part_stride'] as const;

/**
 * `numMixes`: ways in which a row is mixed with the one before. Bindings: params, spans, row_slots, lerp, x, last [slot][channel],
 * out. Grid: channels / 64, sequences.
 */
export function tokenShift(numMixes: number): Kernel {
  return {
    name: `token_shift_f32_${String(numMixes)}`,
    code: [`const MIXES = ${String(numMixes)}u;`, spanWgsl, shiftWgsl].join('\n'),
    bindings: ['uniform', 'read', 'read', 'read', 'read', 'readWrite', 'readWrite'],
    constants: {},
    features: [],
  };
}
