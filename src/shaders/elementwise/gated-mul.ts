/** The elementwise half of feed-forwards: with a gate (SwiGLU, GeGLU), and without one. */
import stepWgsl from '../lib/step.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import activateWgsl from './activate.wgsl?raw';
import { activationWgsl, type Activation } from './activation.ts';
import gatedMulWgsl from './gated_mul.wgsl?raw';
import sigmoidMulWgsl from './sigmoid_mul.wgsl?raw';

export const GATED_MUL_PARAMS = ['num_words', 'with_generated', 'rows_each'] as const;

/** Bindings: step, params, gate_up, out. Grid: words of a row / 64, row. */
export function gatedMul(activation: Activation): Kernel {
  return {
    name: `${activation}_mul_f32`,
    code: [stepWgsl, activationWgsl(activation), gatedMulWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'read', 'readWrite'],
    constants: {},
    features: [],
  };
}

export const ACTIVATE_PARAMS = ['num_words'] as const;

/** In place. Bindings: step, params, x. Grid: words of a row / 64, row. */
export function activate(activation: Activation): Kernel {
  return {
    name: `${activation}_f32`,
    code: [stepWgsl, activationWgsl(activation), activateWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'readWrite'],
    constants: {},
    features: [],
  };
}

export const SIGMOID_MUL_PARAMS = ['num_words', 'x_stride', 'gate_stride', 'gate_offset'] as const;

/** In place. Bindings: step, params, gate, x. Grid: words of a row / 64, row. */
export const sigmoidMul: Kernel = {
  name: 'sigmoid_mul_f32',
  code: [stepWgsl, sigmoidMulWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'readWrite'],
  constants: {},
  features: [],
};
