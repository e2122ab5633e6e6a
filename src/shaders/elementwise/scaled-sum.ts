/** Sums of two rows times a constant, and of rows a part of another gates. Knows nothing of what the rows are. */
import stepWgsl from '../lib/step.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import { activationWgsl, type Activation } from './activation.ts';
import gatePartWgsl from './gate_part.wgsl?raw';
import scaledSumWgsl from './scaled_sum.wgsl?raw';

/** `scale` is an f32. */
export const SCALED_SUM_PARAMS = ['num_words', 'scale', 'has_addend', 'has_factor'] as const;

/** In place. Bindings: step, params, y, factor, x. Grid: words of a row / 64, row. */
export const scaledSum: Kernel = {
  name: 'scaled_sum_f32',
  code: [stepWgsl, scaledSumWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};

export const GATE_PART_PARAMS = ['num_words', 'row_words', 'by_words', 'first_word'] as const;

/** In place. Bindings: step, params, by, x. Grid: words of a part / 64, row. */
export function gatePart(activation: Activation): Kernel {
  return {
    name: `${activation}_part_f32`,
    code: [stepWgsl, activationWgsl(activation), gatePartWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'read', 'readWrite'],
    constants: {},
    features: [],
  };
}
