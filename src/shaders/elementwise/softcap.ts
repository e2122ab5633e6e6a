/** The soft cap of logits (Gemma 2): cap tanh(x / cap), in place. */
import softcapLibWgsl from '../lib/softcap.wgsl?raw';
import stepWgsl from '../lib/step.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import softcapWgsl from './softcap.wgsl?raw';

/** `softcap` is an f32. */
export const SOFTCAP_PARAMS = ['row_words', 'softcap'] as const;

/** Bindings: step, params, logits. Grid: words of a row / 64, row. */
export const softcap: Kernel = {
  name: 'softcap_f32',
  code: [stepWgsl, softcapLibWgsl, softcapWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'readWrite'],
  constants: {},
  features: [],
};
