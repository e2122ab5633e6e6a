/**
 * What a forward pass is strung together from: the tensors of blocks by their roles, and the operations on them. Types alone: who
 * names the tensors, and who carries the operations out, is told elsewhere.
 */
import type { EmbedIndex } from '../../shaders/embed/embed.ts';
import type { LatentConfig } from './config.ts';
import type { QkNorm } from './norm-ops.ts';
import type { MixerTensors } from './recurrent/tensors.ts';
import type { ShiftTensors } from './recurrent/wkv-tensors.ts';
import type { RowOp } from './row-ops.ts';
import type { Pair, Part, PlannedMatrix, PlannedVector, PlannedWeights } from './tensors.ts';

export interface NormTensors {
  readonly kind: 'rms' | 'layer';
  readonly weight: PlannedVector; // [hiddenSize]
  /** Of layer norms. */
  readonly bias: PlannedVector | undefined;
}

/** A table whose rows are added to the embeddings: by positions, or its first row to all. */
export interface AddedEmbedding {
  readonly matrix: PlannedMatrix;
  readonly index: Exclude<EmbedIndex, 'token'>;
}

export interface AttentionTensors {
  /** Which layer's configuration. */
  readonly layer: number;
  /** `qkv` is of queries alone: keys and values are an earlier layer's. */
  readonly queriesOnly: boolean;
  readonly qkv: readonly Part<PlannedMatrix>[];
  readonly qkvBias: PlannedVector | undefined; // [padded.qkv]
  readonly qkNorm: (QkNorm & { readonly weight: PlannedVector }) | undefined;
  /** A logit of each head beside those of its keys. */
  readonly sinks: PlannedVector | undefined; // [numHeads]
  readonly o: PlannedMatrix;
  readonly oBias: PlannedVector | undefined;
}

export interface LatentTensors {
  /** Which layer's cache and configuration. */
  readonly layer: number;
  readonly config: LatentConfig;
  /** To the latent of queries, and its norm; undefined: queries come straight from the input. */
  readonly qDown: { readonly matrix: PlannedMatrix; readonly norm: PlannedVector } | undefined;
  readonly q: PlannedMatrix; // of numHeads heads, what is not rotated of each first
  readonly kvDown: PlannedMatrix; // of the latent, then of what is rotated
  readonly kvNorm: PlannedVector; // [rank]
  readonly kUp: PlannedMatrix; // [numHeads, rank] rows of plainDim: queries into the space of latents
  readonly vUp: PlannedMatrix; // [numHeads, valueDim] rows of rank
  readonly o: PlannedMatrix;
}

export interface FeedForwardTensors {
  readonly layer: number;
  readonly up:
    | { readonly kind: 'gated'; readonly gateUp: Pair<PlannedMatrix> }
    | { readonly kind: 'plain'; readonly matrix: PlannedMatrix };
  readonly upBias: PlannedVector | undefined; // [2, padded ffnSize] of gate and up, or [padded ffnSize]
  readonly down: PlannedMatrix;
  readonly downBias: PlannedVector | undefined;
}

export interface ExpertsTensors {
  /** The logits of the experts and, behind them, that of the shared one's weight where it has one. */
  readonly router: readonly Part<PlannedMatrix>[];
  readonly routerBias: PlannedVector | undefined; // [numExperts]
  /** Added where experts are compared, and nowhere else. */
  readonly choiceBias: PlannedVector | undefined; // [numExperts]
  /** What the weights of experts are multiplied with. */
  readonly factors: PlannedVector | undefined; // [numExperts]
  readonly gateUp: Pair<PlannedMatrix>; // of numExperts * experts.ffnSize rows each
  readonly gateUpBias: PlannedVector | undefined; // [2, numExperts, experts.ffnSize]
  readonly down: PlannedMatrix; // of numExperts * hiddenSize rows
  readonly downBias: PlannedVector | undefined; // [numExperts, hiddenSize]
  /** The expert that every row takes, with weight 1 or, gated, one that the router says. */
  readonly shared: { readonly feedForward: FeedForwardTensors; readonly gated: boolean } | undefined;
}

/** What a block adds to the residual stream goes through `postNorm` first, where a family has one. */
export interface BlockOptions {
  readonly postNorm?: NormTensors;
  /** Default: `hidden`. */
  readonly residual?: string;
}

export interface ExpertsOptions<R> extends BlockOptions {
  /** What the router sees; default: what the experts see. */
  readonly routed?: R;
  /** A buffer that is overwritten with what goes to the residual stream else. */
  readonly into?: string;
}

export interface NormOptions {
  /** Default: the residual stream. */
  readonly from?: string;
  /** One of the configuration's buffers, to outlive the next norm; then it is taken apart. */
  readonly into?: string;
  /** Never taken by the products themselves, so that all rows are written; what experts need. */
  readonly apart?: boolean;
}

export interface HeadOptions {
  /** Added to the logits. */
  readonly bias?: PlannedVector | undefined;
}

/** The operations of a forward pass; `R`: rows of the residual stream, as they are or normed, on their way into a block. */
export interface ForwardStep<R> {
  /** `into`: a named buffer, where the residual stream begins with something else. */
  embed(added?: readonly AddedEmbedding[], into?: string): void;
  readonly hidden: R;
  norm(norm: NormTensors, options?: NormOptions): R;
  attention(tensors: AttentionTensors, input: R, options?: BlockOptions): void;
  /** `input`: a norm taken apart. */
  latentAttention(tensors: LatentTensors, input: R): void;
  feedForward(tensors: FeedForwardTensors, input: R, options?: BlockOptions): void;
  /** A block that keeps a state. */
  mix(tensors: MixerTensors, input: R, options?: BlockOptions): void;
  /** The input, each row mixed with the one before. `input`: a norm taken apart, or a layer norm. */
  shift(tensors: ShiftTensors, input: R): R;
  /** `input`: a norm taken apart. */
  experts(tensors: ExpertsTensors, input: R, options?: ExpertsOptions<R>): void;
  /** Rows of a buffer that the configuration names. */
  rows(name: string): R;
  /** out = x W^T, into a named buffer */
  linear(matrix: PlannedMatrix, input: R, out: string): void;
  /** out += norm(x), of RMS norms; names as in `rows`, and `hidden` */
  addNorm(norm: NormTensors, x: string, out: string): void;
  apply(row: RowOp): void;
  /** Of encoders, in the place of `head`: a vector for each text, of the rows of a named buffer. */
  pool(name: string): void;
  head(outputNorm: NormTensors, options?: HeadOptions): void;
}

/** The forward pass of one step, up to the logits of the rows that want them. */
export type Forward = <R>(step: ForwardStep<R>) => void;

/** Everything planned, before any is read. */
export interface PlannedModel {
  readonly embedding: PlannedMatrix;
  readonly head: PlannedMatrix;
  /** With the scale of the logits in it; undefined for models that have none. */
  readonly outputNorm: NormTensors | undefined;
  /** Divisors of the first rotary table's frequencies, read before anything else. */
  readonly ropeFactors: PlannedVector | undefined;
  readonly weights: PlannedWeights;
  readonly forward: Forward;
}
