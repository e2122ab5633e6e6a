/** Norms of rows and of parts of rows: their specs. Know nothing of layers. */
import stepWgsl from '../lib/step.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import layerNormWgsl from './layernorm.wgsl?raw';
import qkNormWgsl from './qk_norm.wgsl?raw';
import rmsScaleWgsl from './rms_scale.wgsl?raw';
import rmsnormWgsl from './rmsnorm.wgsl?raw';
import sourceRowWgsl from './source_row.wgsl?raw';
import sumWgsl from './sum32.wgsl?raw';

/** Fields of `NormParams`; `eps` is an f32. */
export const NORM_PARAMS = ['num_words', 'num_elements', 'head_rows', 'eps', 'add_to_out'] as const;
/** Fields of `QkNormParams`; `eps` is an f32. */
export const QK_NORM_PARAMS = ['num_q', 'num_k', 'q_words', 'k_words', 'row_words', 'eps'] as const;
/** Fields of `LayerNormParams`; `eps` is an f32. */
export const LAYER_NORM_PARAMS = ['num_words', 'num_elements', 'head_rows', 'eps', 'has_bias'] as const;

/** One workgroup a row. Bindings: step, params, x, weight, row_index, out. */
export const rmsNorm: Kernel = {
  name: 'rmsnorm_f32',
  code: [stepWgsl, sumWgsl, sourceRowWgsl, rmsScaleWgsl, rmsnormWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};

/** In place. Bindings: params, weight, qkv. Grid: part, row. */
export const qkNorm: Kernel = {
  name: 'qk_norm_f32',
  code: [sumWgsl, qkNormWgsl].join('\n'),
  bindings: ['uniform', 'read', 'readWrite'],
  constants: {},
  features: [],
};

/** One workgroup a row. Bindings: step, params, x, weight, bias, row_index, out. */
export const layerNorm: Kernel = {
  name: 'layernorm_f32',
  code: [stepWgsl, sumWgsl, sourceRowWgsl, layerNormWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};
