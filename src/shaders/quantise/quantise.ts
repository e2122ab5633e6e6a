/**
 * Rows of activations as signed bytes with a scale for each 32 of them, for products in int8: alone, with the RMS norm, with
 * the gate of a feed-forward. What a row becomes depends on that row alone. Knows nothing of layers.
 *
 * `quants` [rows, K] bytes; `scales` [rows, K / 32] of (scale, sum of the bytes) in f32.
 */
import { activationWgsl, type Activation } from '../elementwise/activation.ts';
import type { Kernel } from '../kernel.ts';
import stepWgsl from '../lib/step.wgsl?raw';
import rmsScaleWgsl from '../norm/rms_scale.wgsl?raw';
import sourceRowWgsl from '../norm/source_row.wgsl?raw';
import sumWgsl from '../norm/sum32.wgsl?raw';
import gatedMulWgsl from './gated_mul_int8.wgsl?raw';
import rowsWgsl from './int8_rows.wgsl?raw';
import quantiseWgsl from './quantise_rows.wgsl?raw';
import rmsNormWgsl from './rmsnorm_int8.wgsl?raw';

export const QUANTISE_PARAMS = ['num_groups', 'head_rows'] as const;
export const GATED_MUL_INT8_PARAMS = ['num_groups'] as const;
/** `eps` is an f32. */
export const NORM_INT8_PARAMS = ['num_groups', 'num_elements', 'head_rows', 'eps'] as const;

/** A thread a group, 64 a workgroup. Bindings: step, params, x, quants, scales. */
export const quantiseRows: Kernel = {
  name: 'quantise_int8',
  code: [stepWgsl, rowsWgsl, quantiseWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'readWrite', 'readWrite'],
  constants: {},
  features: [],
};

/** One workgroup a row. Bindings: step, params, x, weight, row_index, out, quants, scales. */
export const rmsNormInt8: Kernel = {
  name: 'rmsnorm_int8',
  code: [stepWgsl, sumWgsl, sourceRowWgsl, rmsScaleWgsl, rowsWgsl, rmsNormWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite', 'readWrite', 'readWrite'],
  constants: {},
  features: [],
};

/** A thread a group, 64 a workgroup. Bindings: step, params, gate_up, out, quants, scales. */
export function gatedMulInt8(activation: Activation): Kernel {
  return {
    name: `${activation}_mul_int8`,
    code: [stepWgsl, activationWgsl(activation), rowsWgsl, gatedMulWgsl].join('\n'),
    bindings: ['uniform', 'uniform', 'read', 'readWrite', 'readWrite', 'readWrite'],
    constants: {},
    features: [],
  };
}
