/** AltUp: four copies of the residual stream of which a layer computes with one, and what Gemma 3n does besides. Knows no layers. */
import stepWgsl from '../lib/step.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import sumWgsl from '../norm/sum32.wgsl?raw';
import coefficientsWgsl from './altup_coefficients.wgsl?raw';
import correctWgsl from './altup_correct.wgsl?raw';
import paramsWgsl from './altup_params.wgsl?raw';
import predictWgsl from './altup_predict.wgsl?raw';
import matchWgsl from './match_length.wgsl?raw';
import sparsifyWgsl from './sparsify.wgsl?raw';

/** Streams that the kernels are made for. */
export const ALTUP_STREAMS = 4;

/** `eps` is an f32. */
export const COEFFICIENT_PARAMS = ['num_words', 'num_elements', 'num_out', 'out_stride', 'eps'] as const;
export const ALTUP_PARAMS = ['num_words', 'stream_words', 'coefficient_stride'] as const;
/** `scale` is an f32. */
export const MATCH_PARAMS = ['num_words', 'add_to_out', 'scale'] as const;
/** `factor` is an f32. */
export const SPARSIFY_PARAMS = ['num_elements', 'row_words', 'factor'] as const;

/** Bindings: params, x, weight, router, map, out. Grid: row. */
export const altupCoefficients: Kernel = {
  name: 'altup_coefficients_f32',
  code: [sumWgsl, coefficientsWgsl].join('\n'),
  bindings: ['uniform', 'read', 'read', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};

/** Bindings: step, params, streams, coefficients [rows][4, 4], predicted, active. Grid: words of a row / 64, row. */
export const altupPredict: Kernel = {
  name: 'altup_predict_f32',
  code: [stepWgsl, paramsWgsl, predictWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'readWrite', 'readWrite'],
  constants: {},
  features: [],
};

/** Bindings: step, params, predicted, coefficients [rows][4], scale, streams, active. Grid: words of a row / 64, row. */
export const altupCorrect: Kernel = {
  name: 'altup_correct_f32',
  code: [stepWgsl, paramsWgsl, correctWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite', 'readWrite'],
  constants: {},
  features: [],
};

/** Bindings: params, x, y, out. Grid: row. */
export const matchLength: Kernel = {
  name: 'match_length_f32',
  code: [sumWgsl, matchWgsl].join('\n'),
  bindings: ['uniform', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};

/** In place. Bindings: params, x. Grid: row. */
export const sparsify: Kernel = {
  name: 'sparsify_f32',
  code: [sumWgsl, sparsifyWgsl].join('\n'),
  bindings: ['uniform', 'readWrite'],
  constants: {},
  features: [],
};

export const ALTUP_KERNELS: readonly Kernel[] = [altupCoefficients, altupPredict, altupCorrect, matchLength, sparsify];
