/** Causal convolutions with a state: their specs. Know nothing of layers. */
import siluWgsl from '../elementwise/silu.wgsl?raw';
import spanWgsl from '../lib/span.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import convWgsl from './causal_conv.wgsl?raw';
import gatedWgsl from './conv_gated.wgsl?raw';
import paramsWgsl from './conv_params.wgsl?raw';
import convSiluWgsl from './conv_silu.wgsl?raw';

/** `gated`: c * conv(b * x) of rows b | c | x; `silu`: silu(conv(x)). */
export type ConvKind = 'gated' | 'silu';

export const CAUSAL_CONV_PARAMS = ['num_channels', 'x_stride', 'x_offset', 'out_stride', 'has_bias'] as const;

/**
 * `taps`: 2 or more. Bindings: params, spans, row_slots, weight [channel][taps], bias, x, tail [slot][taps - 1][channel], out.
 * Grid: channels / 64, sequences.
 */
export function causalConv(taps: number, kind: ConvKind): Kernel {
  return {
    name: `causal_conv_f32_${kind}_${String(taps)}`,
    code: [
      `const TAPS = ${String(taps)}u;`,
      spanWgsl,
      paramsWgsl,
      kind === 'gated' ? gatedWgsl : siluWgsl + convSiluWgsl,
      convWgsl,
    ].join('\n'),
    bindings: ['uniform', 'read', 'read', 'read', 'read', 'read', 'readWrite', 'readWrite'],
    constants: {},
    features: [],
  };
}
