/** The oracle of the elementwise half of gated feed-forwards: activation(gate) * up. */
import type { Activation } from './activation.ts';

export function gatedMulRef(activation: Activation, gate: number, up: number): number {
  return (activation === 'silu' ? silu(gate) : gelu(gate)) * up;
}

function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** By tanh: https://arxiv.org/abs/1606.08415 */
function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}
