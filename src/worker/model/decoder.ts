/**
 * The operations that the families' forward passes are strung together from, on the buffers of one model: the residual
 * stream is `hidden`, everything else is between two operations. Knows no architecture.
 */
import { paddedRowElements } from '../../shaders/blocks/block-type.ts';
import { isInt8 } from '../../shaders/linear/int8.ts';
import { LinnetError } from '../errors.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { LayerConfig } from './config.ts';
import type { DecoderParts } from './decoder-parts.ts';
import type {
  AddedEmbedding,
  AttentionTensors,
  BlockOptions,
  ExpertsOptions,
  ExpertsTensors,
  FeedForwardTensors,
  ForwardStep,
  LatentTensors,
  HeadOptions,
  NormOptions,
  NormTensors,
} from './decoder-tensors.ts';
import type { ExpertOps } from './expert-ops.ts';
import type { Rows } from './linear-dispatch.ts';
import type { GpuMatrix } from './matrix.ts';
import type { NormOptions as RowNormOptions } from './ops.ts';
import { Mixers } from './recurrent/mixers.ts';
import type { MixerTensors } from './recurrent/tensors.ts';
import type { ShiftTensors } from './recurrent/wkv-tensors.ts';
import type { RowOp } from './row-ops.ts';
import { partPitchBytes, type ExpertScratch } from './scratch.ts';
import { matricesOf, type Pair, type PlannedMatrix, type PlannedVector } from './tensors.ts';

export class Decoder implements ForwardStep<Rows> {
  readonly #parts: DecoderParts;
  readonly #mixers: Mixers;

  constructor(parts: DecoderParts) {
    this.#parts = parts;
    this.#mixers = new Mixers(parts);
  }

  /** out = embedding of the rows' tokens + what is added to it */
  embed(added: readonly AddedEmbedding[] = [], into = 'hidden'): void {
    const { ops, model, config } = this.#parts;
    const { embeddingScale: scale } = config;
    const out = this.#named(into);
    ops.embed(this.#matrix(model.embedding), out, { scale, index: 'token', addToOut: false });
    for (const { matrix, index } of added) {
      ops.embed(this.#matrix(matrix), out, { scale: 1, index, addToOut: true });
    }
  }

  /** The residual stream as it is. */
  get hidden(): Rows {
    return { x: this.#parts.scratch.hidden };
  }

  /** norm(from); of one norm at a time, but for those `into` a buffer of their own. */
  norm(norm: NormTensors, { from = 'hidden', into, apart = false }: NormOptions = {}): Rows {
    const x = this.#named(from);
    const { normed, int8 } = this.#parts.scratch;
    return into === undefined
      ? this.#norm(norm, x, normed, { int8: int8?.normed, apart })
      : this.#norm(norm, x, this.#named(into), { apart: true });
  }

  /** residual += o attention(q|k|v of the input) */
  attention(tensors: AttentionTensors, input: Rows, options?: BlockOptions): void {
    const { ops, cache, scratch, sizes } = this.#parts;
    const { qkv, q, attended, partial } = scratch;
    const { layer, qkNorm } = tensors;
    const config = this.#layer(layer);
    const kv = cache.layer(config.cache);
    const bias = this.#option(tensors.qkvBias);
    const rows = this.#roundedFor(
      tensors.qkv.map(({ matrix }) => matrix),
      input,
    );
    for (const { matrix, outOffset } of tensors.qkv) {
      const target = { out: qkv, outStride: sizes.padded.qkv, outOffset, bias };
      ops.linear(this.#matrix(matrix), rows, target);
    }
    const { queriesOnly } = tensors;
    if (qkNorm !== undefined) ops.norms.qkNorm(qkv, this.#vector(qkNorm.weight), qkNorm, config, queriesOnly);
    ops.attention.ropeAppend(qkv, q, kv, config, queriesOnly);
    ops.attention.attend(q, kv, partial, attended, config, this.#option(tensors.sinks));
    const values = ops.attention.valuesOf(attended, q, kv, config);
    if (this.#parts.config.attentionGates) ops.gateValues(qkv, values, config);
    this.#addBlock(tensors.o, { x: values }, tensors.oBias, options);
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
    const latents = cache.layer(config.cache);
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
    ops.attention.latentJoin(buffers, latent, scratch.qkv, config);
    ops.attention.ropeAppend(scratch.qkv, scratch.q, latents, config, false);
    ops.attention.attend(scratch.q, latents, scratch.partial, scratch.attended, config);
    const attended = ops.attention.valuesOf(scratch.attended, scratch.q, latents, config);
    const weighted = { x: attended, shared: false, stride: rank + ropeDim, offset: ropeDim };
    heads.product(this.#matrix(tensors.vUp), weighted, { out: values, outStride: valueDim, bias: undefined });
    const target = { out: scratch.hidden, outStride: sizes.padded.hidden, addToOut: true };
    ops.linear(this.#matrix(tensors.o), { x: values }, target);
  }

  /** residual += down (activation(gate of the input) * up of the input), or down activation(up of the input) */
  feedForward(tensors: FeedForwardTensors, input: Rows, options?: BlockOptions): void {
    this.#addBlock(tensors.down, this.#activated(tensors, input), tensors.downBias, options);
  }

  /** residual += the sum of a row's experts, weighted; and of the shared one. Or `into` = the same. */
  experts(
    tensors: ExpertsTensors,
    input: Rows,
    { postNorm, residual = 'hidden', routed = input, into }: ExpertsOptions<Rows> = {},
  ): void {
    const { ops, scratch, sizes } = this.#parts;
    const { normed } = scratch;
    const out = this.#named(into ?? residual);
    const added = into === undefined;
    const [buffers, experts] = [scratch.experts, ops.experts];
    if (buffers === undefined || experts === undefined || input.fused !== undefined) {
      throw new LinnetError('Internal', 'Experts without buffers, or of rows whose norm is not taken yet.');
    }
    const rows = this.#roundedFor(
      tensors.router.map(({ matrix }) => matrix),
      routed,
    );
    for (const { matrix, outOffset } of tensors.router) {
      const bias = outOffset === 0 ? this.#option(tensors.routerBias) : undefined;
      const target = { out: buffers.logits, outStride: buffers.logitsStride, outOffset, bias };
      ops.linear(this.#matrix(matrix), rows, target);
    }
    experts.route({
      choiceBias: this.#option(tensors.choiceBias),
      factors: this.#option(tensors.factors),
      sharedGate: tensors.shared?.gated === true,
    });
    this.#expertsActivated(tensors, input.x, experts, buffers);
    const down = { outStride: sizes.padded.hidden, bias: this.#option(tensors.downBias) };
    const activated = { x: buffers.activated, shared: false };
    experts.stacks.product(this.#matrix(tensors.down), activated, { ...down, out: buffers.out });
    if (tensors.shared !== undefined) this.#sharedExpert(tensors.shared.feedForward, input, buffers.shared);
    const shared = tensors.shared === undefined ? undefined : buffers.shared;
    // The block's input, in `normed`, has been read.
    experts.sum(buffers.out, shared, postNorm ? normed : out, sizes.padded.hidden, added && postNorm === undefined);
    if (postNorm === undefined) return;
    if (added) ops.norms.addRmsNorm(normed, this.#vector(postNorm.weight), out);
    else this.#norm(postNorm, normed, out, { apart: true });
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
    const { ops, scratch, config } = this.#parts;
    const { gateUp, activated } = scratch;
    const { up, down } = tensors;
    const width = down.plan.rowElements;
    const stride = paddedRowElements(width);
    const target = { outStride: stride, bias: this.#option(tensors.upBias) };
    if (up.kind === 'gated') {
      const int8 = isInt8(down.plan.type) ? scratch.int8?.block : undefined;
      const sparsity = { factor: config.gateSparsity?.[tensors.layer] ?? 0, width };
      const rows = this.#roundedFor(matricesOf(up.gateUp), input);
      return ops.gated(this.#pair(up.gateUp), rows, { ...target, gateUp, activated, int8, sparsity });
    }
    ops.linear(this.#matrix(up.matrix), this.#roundedFor([up.matrix], input), { ...target, out: activated });
    ops.activate(activated, stride);
    return { x: activated };
  }

  /** A named buffer's rows as they are. */
  rows(name: string): Rows {
    return { x: this.#named(name) };
  }

  /** out = x W^T */
  linear(matrix: PlannedMatrix, input: Rows, out: string): void {
    const { ops } = this.#parts;
    ops.linear(this.#matrix(matrix), this.#roundedFor([matrix], input), {
      out: this.#named(out),
      outStride: this.#widthOf(out),
    });
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

  /** residual += out mixed(projections of the input) */
  mix(tensors: MixerTensors, input: Rows, options?: BlockOptions): void {
    const matrices = tensors.projections.map(({ matrix }) => matrix);
    const mixed = this.#mixers.mix(tensors, this.#roundedFor(matrices, input));
    this.#addBlock(tensors.out, { x: mixed }, undefined, options);
  }

  shift(tensors: ShiftTensors, input: Rows): Rows {
    return this.#mixers.shift(tensors, input);
  }

  /** logits = head norm(hidden) + bias, of the rows that want them */
  head(outputNorm: NormTensors, { bias }: HeadOptions = {}): void {
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
      const target = { out, outStride: segmentLength, headRows: true };
      const shardBias = bias && { buffer: this.#vector(bias).buffer, offsetBytes: segment * segmentLength * 4 };
      ops.linearShard(head, shard, input, outOffset, { ...target, bias: shardBias });
    }
    if (config.logitSoftcap !== 0) {
      for (const segment of scratch.logits) ops.norms.softcap(segment, config.logitSoftcap);
    }
  }

  #norm({ kind, weight, bias }: NormTensors, x: BufferRange, out: BufferRange, options: RowNormOptions): Rows {
    const { ops } = this.#parts;
    return kind === 'rms'
      ? ops.rmsNorm(x, this.#vector(weight), out, options)
      : ops.norms.layerNorm(x, this.#vector(weight), this.#option(bias), out, options);
  }

  /** residual += postNorm(x W^T + bias) */
  #addBlock(
    matrix: PlannedMatrix,
    input: Rows,
    plannedBias: PlannedVector | undefined,
    { postNorm, residual = 'hidden' }: BlockOptions = {},
  ): void {
    const { ops, scratch, sizes } = this.#parts;
    const target = { outStride: sizes.padded.hidden, bias: this.#option(plannedBias) };
    const rows = this.#roundedFor([matrix], input);
    const out = this.#named(residual);
    if (postNorm === undefined) {
      ops.linear(this.#matrix(matrix), rows, { ...target, out, addToOut: true });
      return;
    }
    // The block's input, in `normed`, has been read.
    ops.linear(this.#matrix(matrix), rows, { ...target, out: scratch.normed });
    ops.norms.addRmsNorm(scratch.normed, this.#vector(postNorm.weight), out);
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
