/** The elementwise half of gated feed-forwards (SwiGLU, GeGLU). */
import stepWgsl from '../lib/step.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import { activationWgsl, type Activation } from './activation.ts';
import gatedMulWgsl from './gated_mul.wgsl?raw';

export const GATED_MUL_PARAMS = ['num_words', 'with_generated'] as const;

/** Bindings: step, params, gate_up, out; a thread four elements, 64 a workgroup. */
export function gatedMul(activation: Activation): Kernel {
  return {
    name: `${activation}_mul_f32`,
    code: [stepWgsl, activationWgsl(activation), gatedMulWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'read', 'readWrite'],
    constants: {},
    features: [],
  };
}
