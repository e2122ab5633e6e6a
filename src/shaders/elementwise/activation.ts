/** Activations of gated feed-forwards as WGSL: `activated(gate, up)` and, of four, `activated4`. */
import geluWgsl from './gelu.wgsl?raw';
import relu2Wgsl from './relu2.wgsl?raw';
import siluWgsl from './silu.wgsl?raw';
import swigluOaiWgsl from './swiglu_oai.wgsl?raw';

/** `swiglu_oai`: the clamped gate of gpt-oss; `relu2`: the square of what is positive. */
export type Activation = 'silu' | 'gelu' | 'swiglu_oai' | 'relu2';

export const ACTIVATIONS: readonly Activation[] = ['silu', 'gelu', 'swiglu_oai', 'relu2'];

const SNIPPETS: Readonly<Record<Activation, string>> = {
  silu: siluWgsl,
  gelu: geluWgsl,
  swiglu_oai: swigluOaiWgsl,
  relu2: relu2Wgsl,
};

export function activationWgsl(activation: Activation): string {
  return SNIPPETS[activation];
}
