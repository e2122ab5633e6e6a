/**
 * Feed-forwards in float64 (SwiGLU and GeGLU, https://arxiv.org/abs/2002.05202), and mixtures of them as in Mixtral
 * (https://arxiv.org/abs/2401.04088): the softmax of the router's logits over those chosen, and a shared expert with a gate
 * where the file has one (https://arxiv.org/abs/2407.10671). Plain loops, a row at a time.
 */
import type { ExactWeights } from './weights.ts';

export interface ExpertsSpec {
  readonly numExperts: number;
  readonly numUsed: number;
}

export type Activation = 'silu' | 'gelu';

/** @param name of the tensors of `gate`, `up` and `down` */
export async function feedForward(
  weights: ExactWeights,
  name: (part: 'gate' | 'up' | 'down') => string,
  x: readonly Float64Array[],
  activation: Activation = 'silu',
): Promise<Float64Array[]> {
  const activated = gated(await weights.multiply(name('gate'), x), await weights.multiply(name('up'), x), activation);
  return weights.multiply(name('down'), activated);
}

/** @param layer the name of the layer's tensors, up to the part */
export async function mixExperts(
  weights: ExactWeights,
  layer: string,
  x: readonly Float64Array[],
  { numExperts, numUsed }: ExpertsSpec,
): Promise<Float64Array[]> {
  const logits = await weights.multiply(`${layer}.ffn_gate_inp.weight`, x);
  const out = x.map((row) => new Float64Array(row.length));
  for (const [i, row] of logits.entries()) {
    // The greatest first; of equals the first.
    const chosen = Array.from(row.keys())
      .sort((a, b) => (row[b] ?? NaN) - (row[a] ?? NaN) || a - b)
      .slice(0, numUsed);
    const shares = chosen.map((expert) => Math.exp((row[expert] ?? NaN) - (row[chosen[0] ?? NaN] ?? NaN)));
    const total = shares.reduce((sum, share) => sum + share, 0);
    for (const [slot, expert] of chosen.entries()) {
      const input = [x[i] ?? new Float64Array(0)];
      const part = (name: string, rowsEach: number, of: readonly Float64Array[]) =>
        weights.multiplyRows(`${layer}.ffn_${name}_exps.weight`, expert * rowsEach, rowsEach, of);
      const width = weights.numRows(`${layer}.ffn_gate_exps.weight`) / numExperts;
      const activated = gated(await part('gate', width, input), await part('up', width, input), 'silu');
      add(out[i], (await part('down', out[i]?.length ?? 0, activated))[0], (shares[slot] ?? NaN) / total);
    }
  }
  if (weights.has(`${layer}.ffn_up_shexp.weight`)) await addShared(weights, layer, x, out);
  return out;
}

async function addShared(
  weights: ExactWeights,
  layer: string,
  x: readonly Float64Array[],
  out: readonly Float64Array[],
): Promise<void> {
  const shared = await feedForward(weights, (part) => `${layer}.ffn_${part}_shexp.weight`, x);
  const gate = await weights.vector(`${layer}.ffn_gate_inp_shexp.weight`);
  x.forEach((row, i) => {
    const logit = row.reduce((sum, v, k) => sum + v * (gate[k] ?? NaN), 0);
    add(out[i], shared[i], 1 / (1 + Math.exp(-logit)));
  });
}

function gated(gate: readonly Float64Array[], up: readonly Float64Array[], activation: Activation): Float64Array[] {
  const activate = activation === 'silu' ? silu : gelu;
  return gate.map((row, i) => row.map((g, j) => activate(g) * (up[i]?.[j] ?? NaN)));
}

function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** By the tangent, as models are trained with it: https://arxiv.org/abs/1606.08415 */
function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

function add(target: Float64Array | undefined, row: Float64Array | undefined, weight: number): void {
  target?.forEach((v, i) => (target[i] = v + weight * (row?.[i] ?? NaN)));
}
