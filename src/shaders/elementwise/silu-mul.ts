/** SwiGLU's elementwise half. */
import stepWgsl from '../lib/step.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import siluWgsl from './silu_mul.wgsl?raw';

export const SILU_PARAMS = ['num_words', 'with_generated'] as const;

/** Bindings: step, params, gate_up, out; a thread four elements, 64 a workgroup. */
export const siluMul: Kernel = {
  name: 'silu_mul_f32',
  code: `${stepWgsl}\n${siluWgsl}`,
  bindings: ['uniform', 'uniform', 'read', 'readWrite'],
  constants: {},
  features: [],
};
