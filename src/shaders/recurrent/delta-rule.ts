/** The gated delta rule: its spec. Knows nothing of layers. */
import spanWgsl from '../lib/span.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import deltaWgsl from './delta_rule.wgsl?raw';
import softplusWgsl from './softplus.wgsl?raw';

/** Fields of `DeltaRuleParams`; `scale` is an f32. */
export const DELTA_RULE_PARAMS = [
  'num_key_heads',
  'num_value_heads',
  'qkv_stride',
  'gates_stride',
  'beta_offset',
  'alpha_offset',
  'interleaved',
  'out_stride',
  'scale',
] as const;

/**
 * `headSize`: a multiple of 4. Bindings: params, spans, row_slots, qkv, gates, decay, state [slot][headSize / 4][column][4], out.
 * Grid: columns (value heads * headSize) / 64, sequences.
 */
export function deltaRule(headSize: number): Kernel {
  return {
    name: `delta_rule_f32_${String(headSize)}`,
    code: [`const STATE = ${String(headSize)}u;`, spanWgsl, softplusWgsl, deltaWgsl].join('\n'),
    bindings: ['uniform', 'read', 'read', 'read', 'read', 'read', 'readWrite', 'readWrite'],
    constants: {},
    features: [],
  };
}
