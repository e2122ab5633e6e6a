/** RMS norm: its spec. Knows nothing of layers. */
import stepWgsl from '../lib/step.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import rmsnormWgsl from './rmsnorm.wgsl?raw';

/** Fields of `NormParams`; `eps` is an f32. */
export const NORM_PARAMS = ['num_words', 'num_elements', 'head_rows', 'eps'] as const;

/** One workgroup a row. Bindings: step, params, x, weight, row_index, out. */
export const rmsNorm: Kernel = {
  name: 'rmsnorm_f32',
  code: `${stepWgsl}\n${rmsnormWgsl}`,
  bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};
