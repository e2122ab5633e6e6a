/** From the rows of a text to its embedding. Knows nothing of models. */
import stepWgsl from '../lib/step.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import poolWgsl from './pool_rows.wgsl?raw';

/** In the order of the numbers that the shader knows them by. */
export const POOLINGS = ['mean', 'first', 'last'] as const;
export type Pooling = (typeof POOLINGS)[number];

export const POOL_PARAMS = ['num_words', 'kind'] as const;

/** Bindings: step, params, x, rows, row_index (the last row of each text), out. Grid: words of a row / 64, text. */
export const poolRows: Kernel = {
  name: 'pool_rows_f32',
  code: [stepWgsl, poolWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};
