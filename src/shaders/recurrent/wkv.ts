/** RWKV 7's time mix between its products: the specs of its kernels, in the order in which they run. Know nothing of layers. */
import spanWgsl from '../lib/span.wgsl?raw';
import stepWgsl from '../lib/step.wgsl?raw';
import sumWgsl from '../norm/sum32.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import sigmoidWgsl from './sigmoid.wgsl?raw';
import wkvWgsl from './wkv.wgsl?raw';
import inputsWgsl from './wkv_inputs.wgsl?raw';
import outWgsl from './wkv_out.wgsl?raw';
import ranksWgsl from './wkv_ranks.wgsl?raw';
import rowWgsl from './wkv_row.wgsl?raw';

/** The parts of a row of products, as they lie; each is as wide as the row of the residual stream. */
export const WKV_PARTS = ['decay', 'rate', 'residual', 'receptance', 'key', 'value', 'gate'] as const;
export type WkvPart = (typeof WKV_PARTS)[number];

export const WKV_RANKS_PARAMS = ['decay_words', 'decay_stride', 'gate_words', 'gate_stride'] as const;
export const WKV_INPUTS_PARAMS = ['num_words', 'head_words', 'row_stride', 'first_stride', 'keeps_values'] as const;
export const WKV_PARAMS = ['num_channels', 'row_stride', 'out_stride'] as const;
/** Fields of `WkvOutParams`; `eps` is an f32. */
export const WKV_OUT_PARAMS = ['num_words', 'head_words', 'row_stride', 'x_stride', 'eps'] as const;

/** In place. Bindings: step, params, decay, gate. Grid: the wider's words / 64, rows. */
export const wkvRanks: Kernel = {
  name: 'wkv_ranks_f32',
  code: [stepWgsl, sigmoidWgsl, ranksWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'readWrite', 'readWrite'],
  constants: {},
  features: [],
};

/** In place. Bindings: params, constants, rows, first. Grid: head, row. */
export const wkvInputs: Kernel = {
  name: 'wkv_inputs_f32',
  code: [sumWgsl, sigmoidWgsl, rowWgsl, inputsWgsl].join('\n'),
  bindings: ['uniform', 'read', 'readWrite', 'readWrite'],
  constants: {},
  features: [],
};

/**
 * `headSize`: a multiple of 4. Bindings: params, spans, row_slots, rows, state [slot][headSize / 4][channel][4], out. Grid:
 * channels / 64, sequences.
 */
export function wkv(headSize: number): Kernel {
  return {
    name: `wkv_f32_${String(headSize)}`,
    code: [`const STATE = ${String(headSize)}u;`, spanWgsl, rowWgsl, wkvWgsl].join('\n'),
    bindings: ['uniform', 'read', 'read', 'read', 'readWrite', 'readWrite'],
    constants: {},
    features: [],
  };
}

/** In place. Bindings: params, constants, rows, x. Grid: head, row. */
export const wkvOut: Kernel = {
  name: 'wkv_out_f32',
  code: [sumWgsl, rowWgsl, outWgsl].join('\n'),
  bindings: ['uniform', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};
