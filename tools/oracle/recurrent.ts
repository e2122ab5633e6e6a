/**
 * Blocks that keep a state, in float64 and token by token: LFM 2's gated short convolution (https://arxiv.org/abs/2511.23404) and
 * the gated delta net of Qwen 3.5 (https://arxiv.org/abs/2412.06464). Plain loops over the file's own tensors; every sequence is
 * computed whole, from a state of zeros.
 */
import type { ExactWeights } from './weights.ts';

export interface DeltaNetSpec {
  readonly headSize: number;
  readonly numKeyHeads: number;
  readonly numValueHeads: number;
  readonly epsilon: number;
}

/** out (c * conv(b * x)), of b | c | x. @param name of the layer's tensors, up to the part */
export async function shortConv(
  weights: ExactWeights,
  name: string,
  input: readonly Float64Array[],
): Promise<Float64Array[]> {
  const projected = await weights.multiply(`${name}.shortconv.in_proj.weight`, input);
  const third = (row: Float64Array, which: number) =>
    row.subarray((which * row.length) / 3, ((which + 1) * row.length) / 3);
  const gated = projected.map((row) => third(row, 0).map((b, i) => b * (third(row, 2)[i] ?? NaN)));
  const convolved = convolve(await weights.all(`${name}.shortconv.conv.weight`), gated);
  const mixed = convolved.map((row, t) => {
    const c = third(projected[t] ?? new Float64Array(0), 1);
    return row.map((v, i) => v * (c[i] ?? NaN));
  });
  return weights.multiply(`${name}.shortconv.out_proj.weight`, mixed);
}

/** out (norm(what queries read of a state that the delta rule writes) * silu(gate)) */
export async function deltaNet(
  weights: ExactWeights,
  name: string,
  input: readonly Float64Array[],
  spec: DeltaNetSpec,
): Promise<Float64Array[]> {
  const { headSize, numKeyHeads, numValueHeads, epsilon } = spec;
  const project = (part: string) => weights.multiply(`${name}.${part}.weight`, input);
  const [qkv, gates, betas, alphas] = [
    await project('attn_qkv'),
    await project('attn_gate'),
    await project('ssm_beta'),
    await project('ssm_alpha'),
  ];
  const decays = await weights.vector(`${name}.ssm_a`);
  const shifts = await weights.vector(`${name}.ssm_dt.bias`);
  const gain = await weights.vector(`${name}.ssm_norm.weight`);
  const convolved = convolve(await weights.all(`${name}.ssm_conv1d.weight`), qkv).map((row) => row.map(silu));
  const states = Array.from({ length: numValueHeads }, () => new Float64Array(headSize * headSize)); // [key element][value element]
  const mixed = convolved.map((row, t) => {
    const out = new Float64Array(numValueHeads * headSize);
    const keyHead = (which: number, head: number) => {
      const start = (which * numKeyHeads + (head % numKeyHeads)) * headSize;
      return unit(row.subarray(start, start + headSize), epsilon);
    };
    for (const [head, state] of states.entries()) {
      const [q, k] = [keyHead(0, head), keyHead(1, head)];
      const start = (2 * numKeyHeads + head) * headSize;
      const step = softplus((alphas[t]?.[head] ?? NaN) + (shifts[head] ?? NaN));
      const decay = Math.exp((decays[head] ?? NaN) * step);
      const beta = 1 / (1 + Math.exp(-(betas[t]?.[head] ?? NaN)));
      const read = deltaStep(state, q, k, row.subarray(start, start + headSize), decay, beta);
      const scale = 1 / Math.sqrt(headSize);
      const rms = Math.sqrt(read.reduce((sum, v) => sum + (v * scale) ** 2, 0) / headSize + epsilon);
      for (let i = 0; i < headSize; i++) {
        const gate = gates[t]?.[head * headSize + i] ?? NaN;
        out[head * headSize + i] = (((read[i] ?? NaN) * scale) / rms) * (gain[i] ?? NaN) * silu(gate);
      }
    }
    return out;
  });
  return weights.multiply(`${name}.ssm_out.weight`, mixed);
}

/** The state forgets, then learns by how much the value differs from what the key finds; returns what the query finds. */
function deltaStep(
  state: Float64Array,
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  decay: number,
  beta: number,
): Float64Array {
  const size = k.length;
  const found = new Float64Array(size);
  const read = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const kept = (state[i * size + j] ?? NaN) * decay;
      state[i * size + j] = kept;
      found[j] = (found[j] ?? NaN) + kept * (k[i] ?? NaN);
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const learned = (state[i * size + j] ?? NaN) + (k[i] ?? NaN) * beta * ((v[j] ?? NaN) - (found[j] ?? NaN));
      state[i * size + j] = learned;
      read[j] = (read[j] ?? NaN) + learned * (q[i] ?? NaN);
    }
  }
  return read;
}

/** Causal, a channel at a time. @param kernel [channels][taps], the last tap of a token itself */
function convolve(kernel: Float64Array, rows: readonly Float64Array[]): Float64Array[] {
  return rows.map((row, t) => {
    const taps = kernel.length / row.length;
    return row.map((_, channel) => {
      let sum = 0;
      for (let back = 0; back < Math.min(taps, t + 1); back++) {
        sum += (kernel[(channel + 1) * taps - 1 - back] ?? NaN) * (rows[t - back]?.[channel] ?? NaN);
      }
      return sum;
    });
  });
}

function unit(row: Float64Array, epsilon: number): Float64Array {
  const length = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) + epsilon);
  return row.map((v) => v / length);
}

function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
