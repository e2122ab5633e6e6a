/** The oracle of the elementwise half of gated feed-forwards: activation(gate) * up. */
import type { Activation } from './activation.ts';

export function gatedMulRef(activation: Activation, gate: number, up: number): number {
  if (activation === 'swiglu_oai') return swigluOai(gate, up);
  if (activation === 'relu2') return Math.max(gate, 0) ** 2 * up;
  return (activation === 'silu' ? silu(gate) : gelu(gate)) * up;
}

/** The gate of gpt-oss (https://arxiv.org/abs/2508.10925). */
function swigluOai(gate: number, up: number): number {
  const clamped = Math.min(7, gate);
  return (clamped / (1 + Math.exp(-1.702 * clamped))) * (Math.min(7, Math.max(-7, up)) + 1);
}

function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** x (1 + tanh(u)) / 2 (https://arxiv.org/abs/1606.08415), without the cancellation of 1 + tanh(u) where u is negative. */
function gelu(x: number): number {
  const u = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
  return x / (1 + Math.exp(-2 * u));
}
