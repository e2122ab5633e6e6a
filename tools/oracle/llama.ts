/**
 * A float64 forward pass of the llama architecture, from the formulas (RMSNorm, https://arxiv.org/abs/1910.07467; grouped
 * queries, https://arxiv.org/abs/2305.13245; SwiGLU, https://arxiv.org/abs/2002.05202), in plain loops over the file's
 * own tensors. It is what the runtime is measured against at widths for which there are no goldens, so it shares no code
 * with src/worker/model. Every sequence is computed whole; the last layer only where its result is asked for.
 */
import type { ByteSource } from '../../src/cache/byte-source.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import type { GgufMetadata } from '../../src/worker/loading/gguf-metadata.ts';
import { feedForward, mixExperts, type ExpertsSpec } from './experts.ts';
import { rotateHead, type RotationSpec } from './rotation.ts';
import { ExactWeights, type Round } from './weights.ts';

interface Hyperparameters {
  readonly numLayers: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headSize: number;
  readonly epsilon: number;
  readonly rotation: RotationSpec;
  readonly experts: ExpertsSpec | undefined;
}

/** What a cache makes of a head of a (rotated) key or of a value, in place. */
export type Keep = (head: Float64Array) => void;

/** Where a runtime that is compared is not exact by intention. */
export interface Losses {
  readonly keep?: Keep | undefined;
  readonly round?: Round | undefined;
}

export class LlamaOracle {
  readonly #weights: ExactWeights;
  readonly #hyper: Hyperparameters;
  readonly #keep: Keep | undefined;

  private constructor(weights: ExactWeights, hyper: Hyperparameters, keep: Keep | undefined) {
    this.#weights = weights;
    this.#hyper = hyper;
    this.#keep = keep;
  }

  /**
   * @param losses `keep`: what the cache forgets; `round`: what the inputs of products are rounded to; default nothing
   * @throws Error for what this forward pass does not do; it never guesses.
   */
  static async open(source: ByteSource, { keep, round }: Losses = {}): Promise<LlamaOracle> {
    const file = await readGgufHeader(source);
    const weights = new ExactWeights(source, file, round);
    const pairFactors = weights.has('rope_freqs.weight') ? await weights.vector('rope_freqs.weight') : undefined;
    return new LlamaOracle(weights, readHyperparameters(file.metadata, pairFactors), keep);
  }

  get vocabSize(): number {
    return this.#weights.numRows('token_embd.weight');
  }

  /** Log-probabilities [vocabSize] of the next token after `ids[0..position]`, for each of `positions`. */
  async logProbs(ids: readonly number[], positions: readonly number[]): Promise<ReadonlyMap<number, Float64Array>> {
    const weights = this.#weights;
    const everywhere = ids.map((_, position) => position);
    let hidden: Float64Array[] = [];
    for (const id of ids) hidden.push(await weights.row('token_embd.weight', id));
    for (let layer = 0; layer < this.#hyper.numLayers; layer++) {
      const wanted = layer === this.#hyper.numLayers - 1 ? positions : everywhere;
      hidden = await this.#layer(`blk.${String(layer)}`, hidden, wanted);
    }
    const normed = await this.#norm(hidden, 'output_norm.weight');
    const head = weights.has('output.weight') ? 'output.weight' : 'token_embd.weight';
    const logits = await weights.multiply(head, normed);
    return new Map(positions.map((position, i) => [position, logSoftmax(at(logits, i))]));
  }

  /** The residual stream after a layer, at the wanted positions only; `hidden` is that of all positions before it. */
  async #layer(name: string, hidden: readonly Float64Array[], wanted: readonly number[]): Promise<Float64Array[]> {
    const weights = this.#weights;
    const normed = await this.#norm(hidden, `${name}.attn_norm.weight`);
    const project = (part: string, x: readonly Float64Array[]) =>
      weights.multiply(`${name}.attn_${part}.weight`, x, `${name}.attn_${part}.bias`);
    const keys = await project('k', normed);
    const values = await project('v', normed);
    const wantedNormed = wanted.map((position) => at(normed, position));
    const queries = await project('q', wantedNormed);
    keys.forEach((key, position) => this.#rotate(key, position));
    queries.forEach((query, i) => this.#rotate(query, wanted[i] ?? NaN));
    for (const heads of [...keys, ...values]) this.#keepHeads(heads);
    const attended = queries.map((query, i) => this.#attend(query, keys, values, wanted[i] ?? NaN));
    const mixed = await project('output', attended);
    const residual = wanted.map((position, i) => sum(at(hidden, position), at(mixed, i)));

    const ffnInput = await this.#norm(residual, `${name}.ffn_norm.weight`);
    const { experts } = this.#hyper;
    const down =
      experts === undefined
        ? await feedForward(weights, (part) => `${name}.ffn_${part}.weight`, ffnInput)
        : await mixExperts(weights, name, ffnInput, experts);
    return residual.map((row, i) => sum(row, at(down, i)));
  }

  /** Full causal attention of one query [numHeads * headSize] over positions 0 to `position`. */
  #attend(
    query: Float64Array,
    keys: readonly Float64Array[],
    values: readonly Float64Array[],
    position: number,
  ): Float64Array {
    const { numHeads, numKvHeads, headSize } = this.#hyper;
    const out = new Float64Array(numHeads * headSize);
    const weights = new Float64Array(position + 1);
    for (let head = 0; head < numHeads; head++) {
      const offset = Math.floor(head / (numHeads / numKvHeads)) * headSize;
      let largest = -Infinity;
      for (let p = 0; p <= position; p++) {
        const key = at(keys, p);
        let score = 0;
        for (let i = 0; i < headSize; i++) score += (query[head * headSize + i] ?? NaN) * (key[offset + i] ?? NaN);
        score /= Math.sqrt(headSize);
        weights[p] = score;
        if (score > largest) largest = score;
      }
      let total = 0;
      for (let p = 0; p <= position; p++) {
        const weight = Math.exp((weights[p] ?? NaN) - largest);
        total += weight;
        const value = at(values, p);
        for (let i = 0; i < headSize; i++) {
          out[head * headSize + i] = (out[head * headSize + i] ?? NaN) + weight * (value[offset + i] ?? NaN);
        }
      }
      for (let i = 0; i < headSize; i++) out[head * headSize + i] = (out[head * headSize + i] ?? NaN) / total;
    }
    return out;
  }

  #rotate(heads: Float64Array, position: number): void {
    const { headSize, rotation } = this.#hyper;
    for (let offset = 0; offset < heads.length; offset += headSize) rotateHead(heads, offset, position, rotation);
  }

  #keepHeads(heads: Float64Array): void {
    const { headSize } = this.#hyper;
    for (let offset = 0; offset < heads.length; offset += headSize) {
      this.#keep?.(heads.subarray(offset, offset + headSize));
    }
  }

  async #norm(rows: readonly Float64Array[], name: string): Promise<Float64Array[]> {
    const gain = await this.#weights.vector(name);
    return rows.map((row) => {
      const meanSquare = row.reduce((total, v) => total + v * v, 0) / row.length;
      const scale = 1 / Math.sqrt(meanSquare + this.#hyper.epsilon);
      return row.map((v, i) => v * scale * (gain[i] ?? NaN));
    });
  }
}

function readHyperparameters(metadata: GgufMetadata, pairFactors: Float64Array | undefined): Hyperparameters {
  const architecture = metadata.requireString('general.architecture');
  if (architecture !== 'llama') throw new Error(`the oracle computes llama, not ${architecture}`);
  for (const key of [
    'expert_gating_func',
    'expert_group_count',
    'attention.scale',
    'rope.scaling.yarn_log_multiplier',
  ]) {
    if (metadata.number(`llama.${key}`)) throw new Error(`the oracle does not know llama.${key}`);
  }
  const need = (key: string) => metadata.requireNumber(`llama.${key}`);
  const option = (key: string, fallback: number) => metadata.number(`llama.${key}`) ?? fallback;
  const numHeads = need('attention.head_count');
  const headSize = option('attention.key_length', need('embedding_length') / numHeads);
  const factor = option('rope.scaling.factor', 1);
  const scaling = metadata.string('llama.rope.scaling.type') ?? (factor === 1 ? 'none' : 'linear');
  if (scaling !== 'none' && scaling !== 'linear' && scaling !== 'yarn') {
    throw new Error(`the oracle does not know the rotary scaling ${scaling}`);
  }
  const numExperts = option('expert_count', 0);
  return {
    experts: numExperts === 0 ? undefined : { numExperts, numUsed: need('expert_used_count') },
    numLayers: need('block_count'),
    numHeads,
    numKvHeads: option('attention.head_count_kv', numHeads),
    headSize,
    epsilon: need('attention.layer_norm_rms_epsilon'),
    rotation: {
      numElements: option('rope.dimension_count', headSize),
      base: option('rope.freq_base', 10000),
      scaling,
      factor,
      originalContextLength: option('rope.scaling.original_context_length', need('context_length')),
      fastTurns: option('rope.scaling.yarn_beta_fast', 32),
      slowTurns: option('rope.scaling.yarn_beta_slow', 1),
      attnFactor: option('rope.scaling.attn_factor', 1),
      pairFactors,
    },
  };
}

function logSoftmax(logits: Float64Array): Float64Array {
  const largest = logits.reduce((top, v) => Math.max(top, v), -Infinity);
  const norm = largest + Math.log(logits.reduce((total, v) => total + Math.exp(v - largest), 0));
  return logits.map((v) => v - norm);
}

function sum(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((v, i) => v + (b[i] ?? NaN));
}

function at(rows: readonly Float64Array[], i: number): Float64Array {
  const row = rows[i];
  if (row === undefined) throw new Error(`there is no row ${String(i)} of ${String(rows.length)}`);
  return row;
}
