/**
 * The operations that the families' forward passes are strung together from, on the buffers of one model: the residual
 * stream is `hidden`, everything else is between two operations. Knows no architecture.
 */
import { LinnetError } from '../errors.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { LayerConfig, ModelConfig } from './config.ts';
import type {
  AddedEmbedding,
  AttentionTensors,
  BlockOptions,
  FeedForwardTensors,
  ForwardStep,
  HeadOptions,
  NormOptions,
  NormTensors,
  PlannedModel,
} from './decoder-tensors.ts';
import type { KvPool } from './kv-pool.ts';
import type { Rows } from './linear-ops.ts';
import type { GpuMatrix } from './matrix.ts';
import type { OpBuilder } from './ops.ts';
import type { RowOp } from './row-ops.ts';
import { partPitchBytes, type Scratch } from './scratch.ts';
import type { ModelSizes } from './sizes.ts';
import type { Pair, PlannedMatrix, PlannedVector } from './tensors.ts';
import type { WeightStore } from './weight-store.ts';

export interface DecoderParts {
  readonly ops: OpBuilder;
  readonly model: PlannedModel;
  readonly store: WeightStore;
  readonly cache: KvPool;
  readonly scratch: Scratch;
  readonly config: ModelConfig;
  readonly sizes: ModelSizes;
}

export class Decoder implements ForwardStep<Rows> {
  readonly #parts: DecoderParts;

  constructor(parts: DecoderParts) {
    this.#parts = parts;
  }

  /** hidden = embedding of the rows' tokens + what is added to it */
  embed(added: readonly AddedEmbedding[] = []): void {
    const { ops, model, scratch, config } = this.#parts;
    const { embeddingScale: scale } = config;
    ops.embed(this.#matrix(model.embedding), scratch.hidden, { scale, index: 'token', addToOut: false });
    for (const { matrix, index } of added) {
      ops.embed(this.#matrix(matrix), scratch.hidden, { scale: 1, index, addToOut: true });
    }
  }

  /** The residual stream as it is. */
  get hidden(): Rows {
    return { x: this.#parts.scratch.hidden };
  }

  /** norm(from); of one norm at a time, but for those `into` a buffer of their own. */
  norm(norm: NormTensors, { from = 'hidden', into }: NormOptions = {}): Rows {
    const x = this.#named(from);
    return into === undefined
      ? this.#norm(norm, x, this.#parts.scratch.normed)
      : this.#norm(norm, x, this.#named(into), { whole: true });
  }

  /** residual += o attention(q|k|v of the input) */
  attention(tensors: AttentionTensors, input: Rows, options?: BlockOptions): void {
    const { ops, cache, scratch, sizes } = this.#parts;
    const { qkv, q, attended, partial } = scratch;
    const { layer, qkNorm } = tensors;
    const config = this.#layer(layer);
    const kv = cache.layer(config.cache);
    const bias = this.#option(tensors.qkvBias);
    for (const { matrix, outOffset } of tensors.qkv) {
      const target = { out: qkv, outStride: sizes.padded.qkv, outOffset, bias };
      ops.linear(this.#matrix(matrix), input, target);
    }
    const { queriesOnly } = tensors;
    if (qkNorm !== undefined) ops.norms.qkNorm(qkv, this.#vector(qkNorm.weight), qkNorm, config, queriesOnly);
    ops.attention.ropeAppend(qkv, q, kv, config, queriesOnly);
    ops.attention.attend(q, kv, partial, attended, config);
    this.#addBlock(tensors.o, ops.attention.valuesOf(attended, q, kv, config), tensors.oBias, options);
  }

  /** residual += down (activation(gate of the input) * up of the input), or down activation(up of the input) */
  feedForward(tensors: FeedForwardTensors, input: Rows, options?: BlockOptions): void {
    const { ops, scratch } = this.#parts;
    const { gateUp, activated } = scratch;
    const { up } = tensors;
    const { ffnSize } = this.#layer(tensors.layer);
    const outStride = Math.ceil(ffnSize / 32) * 32;
    const target = { outStride, bias: this.#option(tensors.upBias) };
    const sparsity = { factor: this.#parts.config.gateSparsity?.[tensors.layer] ?? 0, width: ffnSize };
    if (up.kind === 'gated') {
      ops.gated(this.#pair(up.gateUp), input, { ...target, gateUp, activated, sparsity });
    } else {
      ops.linear(this.#matrix(up.matrix), input, { ...target, out: activated });
      ops.activate(activated, outStride);
    }
    this.#addBlock(tensors.down, activated, tensors.downBias, options);
  }

  /** A named buffer's rows as they are. */
  rows(name: string): Rows {
    return { x: this.#named(name) };
  }

  /** out = x W^T */
  linear(matrix: PlannedMatrix, input: Rows, out: string): void {
    const { ops } = this.#parts;
    ops.linear(this.#matrix(matrix), input, { out: this.#named(out), outStride: this.#widthOf(out) });
  }

  apply(row: RowOp): void {
    const { ops } = this.#parts;
    if (row.op === 'addGathered') {
      const { scale } = row;
      ops.embed(this.#matrix(row.table), this.#named(row.x), { scale, index: 'token', addToOut: true });
      return;
    }
    ops.rows.apply(row, {
      named: (name) => this.#named(name),
      widthOf: (name) => this.#widthOf(name),
      vector: (planned) => this.#vector(planned),
      partWordsOf: (name) => partPitchBytes(this.#widthOf(name), this.#parts.sizes.maxRows) / 16,
    });
  }

  /** out += norm(x) */
  addNorm(norm: NormTensors, x: string, out: string): void {
    this.#parts.ops.norms.addRmsNorm(this.#named(x), this.#vector(norm.weight), this.#named(out));
  }

  /** The vector of each text, of the rows of a named buffer. */
  pool(name: string): void {
    const { ops, scratch, config, sizes } = this.#parts;
    if (config.encoder === undefined) throw new LinnetError('Internal', 'A decoder gives no vectors.');
    ops.pool(this.#named(name), sizes.padded.hidden, config.encoder.pooling, scratch.pooled);
  }

  /** logits = head norm(hidden) + bias, of the rows that want them */
  head(outputNorm: NormTensors, { bias }: HeadOptions = {}): void {
    const { ops, model, scratch, sizes, config } = this.#parts;
    const { segmentLength } = sizes.logits;
    const input = this.#norm(outputNorm, scratch.hidden, scratch.headInput, { headRows: true });
    const head = this.#matrix(model.head);
    for (const shard of head.shards) {
      const segment = Math.floor(shard.firstRow / segmentLength);
      const out = scratch.logits[segment];
      if (out === undefined) throw new LinnetError('Internal', 'A shard of the head lies outside the logits.');
      const outOffset = shard.firstRow - segment * segmentLength;
      const target = { out, outStride: segmentLength, headRows: true };
      const shardBias = bias && { buffer: this.#vector(bias).buffer, offsetBytes: segment * segmentLength * 4 };
      ops.linearShard(head, shard, input, outOffset, { ...target, bias: shardBias });
    }
    if (config.logitSoftcap !== 0) {
      for (const segment of scratch.logits) ops.norms.softcap(segment, config.logitSoftcap);
    }
  }

  #norm(
    { kind, weight, bias }: NormTensors,
    x: BufferRange,
    out: BufferRange,
    options: { readonly headRows?: boolean; readonly whole?: boolean } = {},
  ): Rows {
    const { ops } = this.#parts;
    return kind === 'rms'
      ? ops.rmsNorm(x, this.#vector(weight), out, options)
      : ops.norms.layerNorm(x, this.#vector(weight), this.#option(bias), out, options);
  }

  /** residual += postNorm(x W^T + bias) */
  #addBlock(
    matrix: PlannedMatrix,
    x: BufferRange,
    plannedBias: PlannedVector | undefined,
    { postNorm, residual = 'hidden' }: BlockOptions = {},
  ): void {
    const { ops, scratch, sizes } = this.#parts;
    const target = { outStride: sizes.padded.hidden, bias: this.#option(plannedBias) };
    const out = this.#named(residual);
    if (postNorm === undefined) {
      ops.linear(this.#matrix(matrix), { x }, { ...target, out, addToOut: true });
      return;
    }
    // The block's input, in `normed`, has been read.
    ops.linear(this.#matrix(matrix), { x }, { ...target, out: scratch.normed });
    ops.norms.addRmsNorm(scratch.normed, this.#vector(postNorm.weight), out);
  }

  #layer(index: number): LayerConfig {
    const layer = this.#parts.config.layers[index];
    if (layer === undefined) throw new LinnetError('Internal', `The model has no layer ${String(index)}.`);
    return layer;
  }

  #named(name: string): BufferRange {
    const { scratch } = this.#parts;
    if (name === 'hidden' || name === 'normed') return scratch[name];
    const range = scratch.named.get(name);
    if (range === undefined) throw new LinnetError('Internal', `The configuration names no buffer ${name}.`);
    return range;
  }

  #widthOf(name: string): number {
    const { config, sizes } = this.#parts;
    const whole = config.buffers[name.replace(/\[\d+\]$/, '')];
    return whole === undefined ? sizes.padded.hidden : Math.ceil(whole.width / 32) * 32;
  }

  #matrix(planned: PlannedMatrix): GpuMatrix {
    return this.#parts.store.matrix(planned);
  }

  #vector(planned: PlannedVector): BufferRange {
    return this.#parts.store.vector(planned);
  }

  #option(planned: PlannedVector | undefined): BufferRange | undefined {
    return planned === undefined ? undefined : this.#vector(planned);
  }

  #pair(planned: Pair<PlannedMatrix>): Pair<GpuMatrix> {
    return planned.kind === 'paired'
      ? { kind: 'paired', matrix: this.#matrix(planned.matrix) }
      : { kind: 'apart', first: this.#matrix(planned.first), second: this.#matrix(planned.second) };
  }
}
