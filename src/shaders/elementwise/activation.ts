/** Activations of gated feed-forwards as WGSL: `activated(gate, up)` and, of four, `activated4`. */
import geluWgsl from './gelu.wgsl?raw';
import siluWgsl from './silu.wgsl?raw';

export type Activation = 'silu' | 'gelu';

export const ACTIVATIONS: readonly Activation[] = ['silu', 'gelu'];

export function activationWgsl(activation: Activation): string {
  return activation === 'silu' ? siluWgsl : geluWgsl;
}
