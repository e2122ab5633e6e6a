/** Activations of gated feed-forwards as WGSL: `activated(gate, up)` and, of four, `activated4`. */
import geluWgsl from './gelu.wgsl?raw';
import siluWgsl from './silu.wgsl?raw';
import swigluOaiWgsl from './swiglu_oai.wgsl?raw';

/** `swiglu_oai`: the clamped gate of gpt-oss. */
export type Activation = 'silu' | 'gelu' | 'swiglu_oai';

export const ACTIVATIONS: readonly Activation[] = ['silu', 'gelu', 'swiglu_oai'];

const SNIPPETS: Readonly<Record<Activation, string>> = { silu: siluWgsl, gelu: geluWgsl, swiglu_oai: swigluOaiWgsl };

export function activationWgsl(activation: Activation): string {
  return SNIPPETS[activation];
}
