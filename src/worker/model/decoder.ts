/**
 * The operations that the families' forward passes are strung together from, on the buffers of one model: the residual
 * stream is `hidden`, everything else is between two operations. Knows no architecture.
 */
import { isInt8 } from '../../shaders/linear/int8.ts';
import { LinnetError } from '../errors.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { LayerConfig, ModelConfig } from './config.ts';
import type {
  AttentionTensors,
  BlockOptions,
  FeedForwardTensors,
  ForwardStep,
  NormTensors,
  PlannedModel,
} from './decoder-tensors.ts';
import type { KvPool } from './kv-pool.ts';
import type { Int8Rows, Rows } from './linear-dispatch.ts';
import type { GpuMatrix } from './matrix.ts';
import type { OpBuilder } from './ops.ts';
import type { Scratch } from './scratch.ts';
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

  /** hidden = embedding of the rows' tokens */
  embed(): void {
    const { ops, store, model, scratch } = this.#parts;
    ops.embed(store.matrix(model.embedding), scratch.hidden);
  }

  /** The residual stream as it is. */
  get hidden(): Rows {
    return { x: this.#parts.scratch.hidden };
  }

  /** norm(hidden); of one norm at a time. */
  norm(norm: NormTensors): Rows {
    const { hidden, normed, int8 } = this.#parts.scratch;
    return this.#norm(norm, hidden, normed, int8?.normed, false);
  }

  /** hidden += o attention(q|k|v of the input) */
  attention(tensors: AttentionTensors, input: Rows, { postNorm }: BlockOptions = {}): void {
    const { ops, cache, scratch, sizes } = this.#parts;
    const { qkv, q, attended, partial } = scratch;
    const { layer, qkNorm } = tensors;
    const config = this.#layer(layer);
    const shards = cache.shards(layer);
    const bias = this.#option(tensors.qkvBias);
    const rows = this.#roundedFor(
      tensors.qkv.map(({ matrix }) => matrix),
      input,
    );
    for (const { matrix, outOffset } of tensors.qkv) {
      const target = { out: qkv, outStride: sizes.padded.qkv, outOffset, bias };
      ops.linear(this.#matrix(matrix), rows, target);
    }
    if (qkNorm !== undefined) ops.norms.qkNorm(qkv, this.#vector(qkNorm.weight), qkNorm.kind);
    ops.ropeAppend(qkv, q, shards, config);
    ops.attention(q, shards, partial, attended, config);
    this.#addBlock(tensors.o, { x: ops.valuesOf(attended, q) }, tensors.oBias, postNorm);
  }

  /** hidden += down (activation(gate of the input) * up of the input), or down activation(up of the input) */
  feedForward(tensors: FeedForwardTensors, input: Rows, { postNorm }: BlockOptions = {}): void {
    const { ops, scratch, sizes } = this.#parts;
    const { gateUp, activated } = scratch;
    const { up, down } = tensors;
    const target = { outStride: sizes.padded.ffn, bias: this.#option(tensors.upBias) };
    let result: Rows = { x: activated };
    if (up.kind === 'gated') {
      const int8 = isInt8(down.plan.type) ? scratch.int8?.block : undefined;
      const rows = this.#roundedFor(matricesOf(up.gateUp), input);
      result = ops.gated(this.#pair(up.gateUp), rows, { ...target, gateUp, activated, int8 });
    } else {
      ops.linear(this.#matrix(up.matrix), this.#roundedFor([up.matrix], input), { ...target, out: activated });
      ops.activate(activated);
    }
    this.#addBlock(down, result, tensors.downBias, postNorm);
  }

  /** logits = head norm(hidden), of the rows that want them */
  head(outputNorm: NormTensors): void {
    const { ops, model, scratch, sizes, config } = this.#parts;
    const { segmentLength } = sizes.logits;
    const normed = this.#norm(outputNorm, scratch.hidden, scratch.headInput, scratch.int8?.head, true);
    const head = this.#matrix(model.head);
    const input = this.#roundedFor([model.head], normed, true);
    for (const shard of head.shards) {
      const segment = Math.floor(shard.firstRow / segmentLength);
      const out = scratch.logits[segment];
      if (out === undefined) throw new LinnetError('Internal', 'A shard of the head lies outside the logits.');
      const outOffset = shard.firstRow - segment * segmentLength;
      ops.linearShard(head, shard, input, outOffset, { out, outStride: segmentLength, headRows: true });
    }
    if (config.logitSoftcap !== 0) {
      for (const segment of scratch.logits) ops.norms.softcap(segment, config.logitSoftcap);
    }
  }

  #norm(
    { kind, weight, bias }: NormTensors,
    x: BufferRange,
    out: BufferRange,
    int8: Int8Rows | undefined,
    headRows: boolean,
  ): Rows {
    const { ops } = this.#parts;
    return kind === 'rms'
      ? ops.rmsNorm(x, this.#vector(weight), out, headRows, int8)
      : ops.norms.layerNorm(x, this.#vector(weight), this.#option(bias), out, headRows);
  }

  /** hidden += postNorm(x W^T + bias) */
  #addBlock(
    matrix: PlannedMatrix,
    input: Rows,
    plannedBias: PlannedVector | undefined,
    postNorm: NormTensors | undefined,
  ): void {
    const { ops, scratch, sizes } = this.#parts;
    const target = { outStride: sizes.padded.hidden, bias: this.#option(plannedBias) };
    const rows = this.#roundedFor([matrix], input);
    if (postNorm === undefined) {
      ops.linear(this.#matrix(matrix), rows, { ...target, out: scratch.hidden, addToOut: true });
      return;
    }
    // The block's input, in `normed`, has been read.
    ops.linear(this.#matrix(matrix), rows, { ...target, out: scratch.normed });
    ops.norms.addRmsNorm(scratch.normed, this.#vector(postNorm.weight), scratch.hidden);
  }

  /** The input, rounded where products are in int8, one of the matrices can be, and it is not yet: for use at once. */
  #roundedFor(matrices: readonly PlannedMatrix[], input: Rows, headRows = false): Rows {
    const { ops, scratch } = this.#parts;
    const taker = matrices.find(({ plan }) => isInt8(plan.type));
    if (scratch.int8 === undefined || input.int8 !== undefined || taker === undefined) return input;
    return ops.int8.quantise(input.x, taker.plan.numGroups, scratch.int8.block, headRows);
  }

  #layer(index: number): LayerConfig {
    const layer = this.#parts.config.layers[index];
    if (layer === undefined) throw new LinnetError('Internal', `The model has no layer ${String(index)}.`);
    return layer;
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

function matricesOf(pair: Pair<PlannedMatrix>): readonly PlannedMatrix[] {
  return pair.kind === 'paired' ? [pair.matrix] : [pair.first, pair.second];
}
