/**
 * A float64 forward pass of the llama architecture and near relatives (hyperparameters.ts), from the formulas (RMSNorm,
 * https://arxiv.org/abs/1910.07467; grouped queries, https://arxiv.org/abs/2305.13245; SwiGLU, https://arxiv.org/abs/2002.05202), in
 * plain loops over the file's own tensors. It is what the runtime is measured against at widths for which there are no goldens, so
 * it shares no code with src/worker/model. Every sequence is computed whole; the last layer only where its result is asked for.
 */
import type { ByteSource } from '../../src/cache/byte-source.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { feedForward, mixExperts } from './experts.ts';
import { readHyperparameters, type Hyperparameters } from './hyperparameters.ts';
import { deltaNet, shortConv } from './recurrent.ts';
import { rotateHead } from './rotation.ts';
import { ExactWeights, type Round } from './weights.ts';

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
    const normed = await this.hiddenStates(ids, positions);
    const head = weights.has('output.weight') ? 'output.weight' : 'token_embd.weight';
    const logits = await weights.multiply(head, normed);
    return new Map(positions.map((position, i) => [position, logSoftmax(at(logits, i))]));
  }

  /** [hiddenSize] behind the last norm, for each of `positions`. */
  async hiddenStates(ids: readonly number[], positions: readonly number[]): Promise<readonly Float64Array[]> {
    const weights = this.#weights;
    const everywhere = ids.map((_, position) => position);
    let hidden: Float64Array[] = [];
    const { embeddingScale } = this.#hyper;
    for (const id of ids) hidden.push((await weights.row('token_embd.weight', id)).map((v) => v * embeddingScale));
    for (let layer = 0; layer < this.#hyper.numLayers; layer++) {
      const wanted = layer === this.#hyper.numLayers - 1 ? positions : everywhere;
      hidden = await this.#layer(layer, hidden, wanted);
    }
    return this.#norm(hidden, this.#hyper.outputNorm);
  }

  /** The residual stream after a layer, at the wanted positions only; `hidden` is that of all positions before it. */
  async #layer(layer: number, hidden: readonly Float64Array[], wanted: readonly number[]): Promise<Float64Array[]> {
    const weights = this.#weights;
    const name = `blk.${String(layer)}`;
    const normed = await this.#norm(hidden, `${name}.attn_norm`);
    const mixed = weights.has(`${name}.attn_k.weight`)
      ? await this.#attention(layer, normed, wanted)
      : await this.#recurrent(name, normed, wanted);
    const residual = wanted.map((position, i) => sum(at(hidden, position), at(mixed, i)));

    const { experts, activation, ffnNorm } = this.#hyper;
    const ffnInput = await this.#norm(residual, `${name}.${ffnNorm}`);
    const down =
      experts === undefined
        ? await feedForward(weights, (part) => `${name}.ffn_${part}.weight`, ffnInput, activation)
        : await mixExperts(weights, name, ffnInput, experts);
    const added = await this.#postNorm(down, `${name}.post_ffw_norm`);
    return residual.map((row, i) => sum(row, at(added, i)));
  }

  /** What a block with a state adds to the wanted positions. */
  async #recurrent(
    name: string,
    normed: readonly Float64Array[],
    wanted: readonly number[],
  ): Promise<readonly Float64Array[]> {
    const spec = this.#hyper.deltaNet;
    const mixed =
      spec === undefined
        ? await shortConv(this.#weights, name, normed)
        : await deltaNet(this.#weights, name, normed, spec);
    return wanted.map((position) => at(mixed, position));
  }

  /** What attention adds to the wanted positions. */
  async #attention(
    layer: number,
    normed: readonly Float64Array[],
    wanted: readonly number[],
  ): Promise<readonly Float64Array[]> {
    const weights = this.#weights;
    const name = `blk.${String(layer)}`;
    const { headSize, numHeads, ffnNorm } = this.#hyper;
    const project = (part: string, x: readonly Float64Array[]) =>
      weights.multiply(`${name}.attn_${part}.weight`, x, `${name}.attn_${part}.bias`);
    const keys = await project('k', normed);
    const values = await project('v', normed);
    const wantedNormed = wanted.map((position) => at(normed, position));
    const projected = await project('q', wantedNormed);
    // Where there are as many rows again, every head's gate follows its query.
    const isGated = projected.some((row) => row.length > numHeads * headSize);
    const queries = isGated ? projected.map((row) => turns(row, headSize, 0)) : projected;
    await this.#normHeads(keys, `${name}.attn_k_norm`);
    await this.#normHeads(queries, `${name}.attn_q_norm`);
    keys.forEach((key, position) => this.#rotate(layer, key, position));
    queries.forEach((query, i) => this.#rotate(layer, query, wanted[i] ?? NaN));
    for (const heads of [...keys, ...values]) this.#keepHeads(heads);
    const attended = queries.map((query, i) => this.#attend(layer, query, keys, values, wanted[i] ?? NaN));
    if (isGated) attended.forEach((row, i) => gate(row, turns(at(projected, i), headSize, 1)));
    const mixed = await project('output', attended);
    const postNorm = 'post_attention_norm';
    return ffnNorm === postNorm ? mixed : this.#postNorm(mixed, `${name}.${postNorm}`);
  }

  /** Causal attention of one query [numHeads * headSize] over the positions that its window has, up to `position`. */
  #attend(
    layer: number,
    query: Float64Array,
    keys: readonly Float64Array[],
    values: readonly Float64Array[],
    position: number,
  ): Float64Array {
    const { numHeads, numKvHeads, headSize, windows } = this.#hyper;
    const first = Math.max(0, position + 1 - (windows[layer] ?? NaN));
    const out = new Float64Array(numHeads * headSize);
    const weights = new Float64Array(position + 1);
    for (let head = 0; head < numHeads; head++) {
      const offset = Math.floor(head / (numHeads / numKvHeads)) * headSize;
      let largest = -Infinity;
      for (let p = first; p <= position; p++) {
        const key = at(keys, p);
        let score = 0;
        for (let i = 0; i < headSize; i++) score += (query[head * headSize + i] ?? NaN) * (key[offset + i] ?? NaN);
        score /= Math.sqrt(headSize);
        weights[p] = score;
        if (score > largest) largest = score;
      }
      let total = 0;
      for (let p = first; p <= position; p++) {
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

  #rotate(layer: number, heads: Float64Array, position: number): void {
    const { headSize, rotations } = this.#hyper;
    const rotation = rotations[layer];
    if (rotation === undefined) throw new Error(`there is no layer ${String(layer)}`);
    for (let offset = 0; offset < heads.length; offset += headSize) rotateHead(heads, offset, position, rotation);
  }

  #keepHeads(heads: Float64Array): void {
    const { headSize } = this.#hyper;
    for (let offset = 0; offset < heads.length; offset += headSize) {
      this.#keep?.(heads.subarray(offset, offset + headSize));
    }
  }

  async #norm(rows: readonly Float64Array[], name: string): Promise<Float64Array[]> {
    const gain = await this.#weights.vector(`${name}.weight`);
    return rows.map((row) => this.#rmsNorm(row, gain));
  }

  /** Where the file has its weights. */
  async #postNorm(rows: readonly Float64Array[], name: string): Promise<readonly Float64Array[]> {
    return this.#weights.has(`${name}.weight`) ? this.#norm(rows, name) : rows;
  }

  /** Each head on its own, in place; where the file has the weights. */
  async #normHeads(rows: readonly Float64Array[], name: string): Promise<void> {
    const { headSize } = this.#hyper;
    if (!this.#weights.has(`${name}.weight`)) return;
    const gain = await this.#weights.vector(`${name}.weight`);
    for (const row of rows) {
      for (let offset = 0; offset < row.length; offset += headSize) {
        row.set(this.#rmsNorm(row.subarray(offset, offset + headSize), gain), offset);
      }
    }
  }

  #rmsNorm(row: Float64Array, gain: Float64Array): Float64Array {
    const meanSquare = row.reduce((total, v) => total + v * v, 0) / row.length;
    const scale = 1 / Math.sqrt(meanSquare + this.#hyper.epsilon);
    return row.map((v, i) => v * scale * (gain[i] ?? NaN));
  }
}

/** Every other run of `size` elements, from the first or the second on. */
function turns(row: Float64Array, size: number, which: number): Float64Array {
  return row.filter((_, i) => Math.floor(i / size) % 2 === which);
}

/** row *= sigmoid(gates) */
function gate(row: Float64Array, gates: Float64Array): void {
  row.forEach((v, i) => (row[i] = v / (1 + Math.exp(-(gates[i] ?? NaN)))));
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
