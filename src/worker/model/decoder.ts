/**
 * The operations that the families' forward passes are strung together from, on the buffers of one model: the residual
 * stream is `hidden`, everything else is between two operations. Knows no architecture.
 */
import { paddedRowElements } from '../../shaders/blocks/block-type.ts';
import { isInt8 } from '../../shaders/linear/int8.ts';
import { LinnetError } from '../errors.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { LayerConfig, ModelConfig } from './config.ts';
import type {
  AttentionTensors,
  BlockOptions,
  ExpertsTensors,
  FeedForwardTensors,
  ForwardStep,
  LatentTensors,
  NormTensors,
  PlannedModel,
} from './decoder-tensors.ts';
import type { ExpertOps } from './expert-ops.ts';
import type { KvPool } from './kv-pool.ts';
import type { Rows } from './linear-dispatch.ts';
import type { GpuMatrix } from './matrix.ts';
import type { NormOptions, OpBuilder } from './ops.ts';
import type { ExpertScratch, Scratch } from './scratch.ts';
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
  norm(norm: NormTensors, { apart = false }: { readonly apart?: boolean } = {}): Rows {
    const { hidden, normed, int8 } = this.#parts.scratch;
    return this.#norm(norm, hidden, normed, { int8: int8?.normed, apart });
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
    ops.attention.ropeAppend(qkv, q, shards, config);
    ops.attention.attend(q, shards, partial, attended, config, this.#option(tensors.sinks));
    this.#addBlock(tensors.o, { x: ops.attention.valuesOf(attended, q) }, tensors.oBias, postNorm);
  }

  /** hidden += o of the values of the latents that the queries attend to; see LatentTensors */
  latentAttention(tensors: LatentTensors, input: Rows): void {
    const { ops, cache, scratch, sizes } = this.#parts;
    const { layer, qDown, config: latent } = tensors;
    const { queryRank, rank, plainDim, ropeDim, valueDim } = latent;
    const [buffers, heads] = [scratch.latent, ops.heads];
    if (buffers === undefined || heads === undefined || input.fused !== undefined) {
      throw new LinnetError('Internal', 'Latent attention without buffers, or of rows whose norm is not taken yet.');
    }
    const { qLatent, q, kv, absorbed, values } = buffers;
    const config = this.#layer(layer);
    const shards = cache.shards(layer);
    if (qDown !== undefined) {
      const stride = paddedRowElements(queryRank);
      ops.linear(this.#matrix(qDown.matrix), input, { out: qLatent, outStride: stride });
      ops.norms.rmsNormInPlace(qLatent, this.#vector(qDown.norm), queryRank, stride);
    }
    const qStride = plainDim + ropeDim;
    const { numHeads } = this.#parts.config;
    ops.linear(this.#matrix(tensors.q), qDown ? { x: qLatent } : input, { out: q, outStride: numHeads * qStride });
    const kvStride = paddedRowElements(rank + ropeDim);
    ops.linear(this.#matrix(tensors.kvDown), input, { out: kv, outStride: kvStride });
    ops.norms.rmsNormInPlace(kv, this.#vector(tensors.kvNorm), rank, kvStride);
    heads.tiles();
    const plain = { x: q, shared: false, stride: qStride };
    heads.product(this.#matrix(tensors.kUp), plain, { out: absorbed, outStride: rank, bias: undefined });
    ops.attention.latentJoin(buffers, latent, scratch.qkv);
    ops.attention.ropeAppend(scratch.qkv, scratch.q, shards, config);
    ops.attention.attend(scratch.q, shards, scratch.partial, scratch.attended, config);
    const attended = ops.attention.valuesOf(scratch.attended, scratch.q);
    const latents = { x: attended, shared: false, stride: rank + ropeDim, offset: ropeDim };
    heads.product(this.#matrix(tensors.vUp), latents, { out: values, outStride: valueDim, bias: undefined });
    const target = { out: scratch.hidden, outStride: sizes.padded.hidden, addToOut: true };
    ops.linear(this.#matrix(tensors.o), { x: values }, target);
  }

  /** hidden += down (activation(gate of the input) * up of the input), or down activation(up of the input) */
  feedForward(tensors: FeedForwardTensors, input: Rows, { postNorm }: BlockOptions = {}): void {
    this.#addBlock(tensors.down, this.#activated(tensors, input), tensors.downBias, postNorm);
  }

  /** hidden += the sum of a row's experts, weighted; and of the shared one. */
  experts(tensors: ExpertsTensors, input: Rows, { postNorm }: BlockOptions = {}): void {
    const { ops, scratch, sizes } = this.#parts;
    const { hidden, normed } = scratch;
    const [buffers, experts] = [scratch.experts, ops.experts];
    if (buffers === undefined || experts === undefined || input.fused !== undefined) {
      throw new LinnetError('Internal', 'Experts without buffers, or of rows whose norm is not taken yet.');
    }
    const rows = this.#roundedFor(
      tensors.router.map(({ matrix }) => matrix),
      input,
    );
    for (const { matrix, outOffset } of tensors.router) {
      const bias = outOffset === 0 ? this.#option(tensors.routerBias) : undefined;
      ops.linear(this.#matrix(matrix), rows, {
        out: buffers.logits,
        outStride: buffers.logitsStride,
        outOffset,
        bias,
      });
    }
    experts.route({ choiceBias: this.#option(tensors.choiceBias), sharedGate: tensors.shared?.gated === true });
    this.#expertsActivated(tensors, input.x, experts, buffers);
    const down = { outStride: sizes.padded.hidden, bias: this.#option(tensors.downBias) };
    const activated = { x: buffers.activated, shared: false };
    experts.stacks.product(this.#matrix(tensors.down), activated, { ...down, out: buffers.out });
    if (tensors.shared !== undefined) this.#sharedExpert(tensors.shared.feedForward, input, buffers.shared);
    const shared = tensors.shared === undefined ? undefined : buffers.shared;
    // The block's input, in `normed`, has been read.
    experts.sum(buffers.out, shared, postNorm ? normed : hidden, sizes.padded.hidden, postNorm === undefined);
    if (postNorm !== undefined) ops.norms.addRmsNorm(normed, this.#vector(postNorm.weight), hidden);
  }

  /** experts.activated = activation(gate) * up of the input, for a row and each of its experts. */
  #expertsActivated(
    { gateUp, gateUpBias }: ExpertsTensors,
    x: BufferRange,
    experts: ExpertOps,
    to: ExpertScratch,
  ): void {
    const { ops, sizes, config } = this.#parts;
    const stride = sizes.experts?.ffn ?? 0;
    const numUsed = sizes.experts?.numUsed ?? 0;
    const bias = this.#option(gateUpBias);
    const weights = this.#pair(gateUp);
    if (weights.kind === 'paired') {
      experts.stacks.gated(weights.matrix, x, { ...to, stride }, bias, config.activation);
    } else {
      if (bias !== undefined) throw new LinnetError('Internal', 'Biases of gate and up of two types.');
      const target = { out: to.gateUp, outStride: 2 * stride, bias };
      experts.stacks.product(weights.first, { x, shared: true }, target);
      experts.stacks.product(weights.second, { x, shared: true }, { ...target, outOffset: stride });
    }
    ops.gatedMul(to.gateUp, to.activated, stride, weights.kind === 'apart', numUsed);
  }

  /** out = down (activation(gate of the input) * up of the input) */
  #sharedExpert(tensors: FeedForwardTensors, input: Rows, out: BufferRange): void {
    const { ops, sizes } = this.#parts;
    const rows = this.#roundedFor([tensors.down], this.#activated(tensors, input));
    const target = { out, outStride: sizes.padded.hidden, bias: this.#option(tensors.downBias) };
    ops.linear(this.#matrix(tensors.down), rows, target);
  }

  /** activated = activation(gate of the input) * up of the input, or activation(up of the input) */
  #activated(tensors: FeedForwardTensors, input: Rows): Rows {
    const { ops, scratch } = this.#parts;
    const { gateUp, activated } = scratch;
    const { up, down } = tensors;
    const stride = paddedRowElements(down.plan.rowElements);
    const target = { outStride: stride, bias: this.#option(tensors.upBias) };
    if (up.kind === 'gated') {
      const int8 = isInt8(down.plan.type) ? scratch.int8?.block : undefined;
      const rows = this.#roundedFor(matricesOf(up.gateUp), input);
      return ops.gated(this.#pair(up.gateUp), rows, { ...target, gateUp, activated, int8 });
    }
    ops.linear(this.#matrix(up.matrix), this.#roundedFor([up.matrix], input), { ...target, out: activated });
    ops.activate(activated, stride);
    return { x: activated };
  }

  /** logits = head norm(hidden), of the rows that want them */
  head(outputNorm: NormTensors): void {
    const { ops, model, scratch, sizes, config } = this.#parts;
    const { segmentLength } = sizes.logits;
    const normed = this.#norm(outputNorm, scratch.hidden, scratch.headInput, {
      int8: scratch.int8?.head,
      headRows: true,
    });
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
    { headRows = false, apart = false, int8 }: NormOptions,
  ): Rows {
    const { ops } = this.#parts;
    return kind === 'rms'
      ? ops.rmsNorm(x, this.#vector(weight), out, { headRows, apart, int8 })
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
