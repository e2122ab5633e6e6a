/**
 * The tensors of a decoder by their roles: what a family's plan is made of. Names, shapes and which tensors may be missing
 * are told here once for all families. Reads nothing and allocates nothing.
 */
import { paddedRowElements } from '../../shaders/blocks/block-type.ts';
import { LinnetError } from '../errors.ts';
import type { PlanningLimits } from '../gpu/gpu.ts';
import type { GgufFile } from '../loading/gguf-file.ts';
import { rowsOf } from '../loading/upload.ts';
import type { LatentConfig, ModelConfig } from './config.ts';
import type { QkNormKind } from './norm-ops.ts';
import type { ModelSizes } from './sizes.ts';
import {
  missingTensor,
  TensorPlanner,
  type Pair,
  type Part,
  type PlannedMatrix,
  type PlannedVector,
  type PlannedWeights,
} from './tensors.ts';

export interface NormTensors {
  readonly kind: 'rms' | 'layer';
  readonly weight: PlannedVector; // [hiddenSize]
  /** Of layer norms. */
  readonly bias: PlannedVector | undefined;
}

export interface AttentionTensors {
  /** Which layer's cache and configuration. */
  readonly layer: number;
  readonly qkv: readonly Part<PlannedMatrix>[];
  readonly qkvBias: PlannedVector | undefined; // [padded.qkv]
  readonly qkNorm: { readonly kind: QkNormKind; readonly weight: PlannedVector } | undefined;
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
}

/** The operations of a forward pass; `R`: rows of the residual stream, as they are or normed, on their way into a block. */
export interface ForwardStep<R> {
  embed(): void;
  readonly hidden: R;
  /** `apart`: never taken by the products themselves; what experts need. */
  norm(norm: NormTensors, options?: { readonly apart?: boolean }): R;
  attention(tensors: AttentionTensors, input: R, options?: BlockOptions): void;
  /** `input`: a norm taken apart. */
  latentAttention(tensors: LatentTensors, input: R): void;
  feedForward(tensors: FeedForwardTensors, input: R, options?: BlockOptions): void;
  /** `input`: a norm taken apart. */
  experts(tensors: ExpertsTensors, input: R, options?: BlockOptions): void;
  head(outputNorm: NormTensors): void;
}

/** The forward pass of one step, up to the logits of the rows that want them. */
export type Forward = <R>(step: ForwardStep<R>) => void;

/** Everything planned, before any is read. */
export interface PlannedModel {
  readonly embedding: PlannedMatrix;
  readonly head: PlannedMatrix;
  /** Divisors of the first rotary table's frequencies, read before anything else. */
  readonly ropeFactors: PlannedVector | undefined;
  readonly weights: PlannedWeights;
  readonly forward: Forward;
}

export function vocabSizeOf(file: GgufFile): number {
  const embedding = file.tensors.find((tensor) => tensor.name === 'token_embd.weight');
  if (embedding === undefined) throw missingTensor('token_embd.weight');
  return rowsOf(embedding);
}

/** Every method throws MissingTensor, GgufInvalid for another shape, UnsupportedTensorType, or LimitExceeded. */
export class DecoderTensors {
  readonly config: ModelConfig;
  readonly planner: TensorPlanner;
  readonly sizes: ModelSizes;
  readonly #embedding: PlannedMatrix;
  readonly #head: PlannedMatrix;
  readonly #ropeFactors: PlannedVector | undefined;

  constructor(file: GgufFile, config: ModelConfig, sizes: ModelSizes, limits: PlanningLimits, hasF16: boolean) {
    this.config = config;
    this.sizes = sizes;
    this.planner = new TensorPlanner(file, limits, hasF16);
    const vocabSize = vocabSizeOf(file);
    const cutRows = sizes.logits.numSegments > 1 ? sizes.logits.segmentLength : undefined;
    const vocabulary = (name: string) => this.planner.matrix([name], config.hiddenSize, [vocabSize], { cutRows });
    this.#embedding = vocabulary('token_embd.weight');
    this.#head = this.planner.has('output.weight') ? vocabulary('output.weight') : this.#embedding;
    this.#ropeFactors = this.#planRopeFactors();
  }

  /** The last norm; the scale of the logits goes into it. */
  outputNorm(kind: NormTensors['kind'] = 'rms'): NormTensors {
    return planNorm(this, 'output_norm', kind, this.config.logitScale);
  }

  layers<L>(plan: (layer: LayerTensors) => L): readonly L[] {
    return Array.from({ length: this.config.numLayers }, (_, i) => plan(new LayerTensors(this, i)));
  }

  /** @throws UnsupportedArchitecture for a tensor nobody asked for */
  finish(forward: Forward): PlannedModel {
    return {
      embedding: this.#embedding,
      head: this.#head,
      ropeFactors: this.#ropeFactors,
      weights: this.planner.finish(),
      forward,
    };
  }

  #planRopeFactors(): PlannedVector | undefined {
    const [{ dim, scaling }] = this.config.ropes;
    if (scaling.kind !== 'longrope') return this.planner.option('rope_freqs.weight', dim / 2);
    const long = this.planner.vector('rope_factors_long.weight', dim / 2);
    const short = this.planner.vector('rope_factors_short.weight', dim / 2);
    return this.sizes.contextLength > scaling.originalContextLength ? long : short;
  }
}

export class LayerTensors {
  readonly #model: DecoderTensors;
  readonly index: number;

  constructor(model: DecoderTensors, index: number) {
    this.#model = model;
    this.index = index;
  }

  #name(part: string): string {
    return `blk.${String(this.index)}.${part}`;
  }

  norm(name: string, kind: NormTensors['kind'] = 'rms'): NormTensors {
    return planNorm(this.#model, this.#name(name), kind);
  }

  /** q, k and v apart or in one tensor; biases where the file has some. */
  attention(options: { readonly qkNorm?: QkNormKind } = {}): AttentionTensors {
    const { planner, sizes, config } = this.#model;
    const { hiddenSize, numHeads, numKvHeads, headDim } = config;
    const [q, kv] = [numHeads * headDim, numKvHeads * headDim];
    const name = (part: string) => this.#name(part);
    const fused = name('attn_qkv.weight');
    const qkv = planner.has(fused)
      ? planner.parts([fused], hiddenSize, [q + 2 * kv])
      : planner.parts([name('attn_q.weight'), name('attn_k.weight'), name('attn_v.weight')], hiddenSize, [q, kv, kv]);
    const biases = planner.has(name('attn_qkv.bias'))
      ? [{ name: name('attn_qkv.bias'), numElements: q + 2 * kv, offset: 0 }]
      : [
          { name: name('attn_q.bias'), numElements: q, offset: 0 },
          { name: name('attn_k.bias'), numElements: kv, offset: q },
          { name: name('attn_v.bias'), numElements: kv, offset: q + kv },
        ];
    return {
      layer: this.index,
      qkv,
      qkvBias: planner.joined(name('qkv.bias'), sizes.padded.qkv, biases),
      qkNorm: options.qkNorm === undefined ? undefined : this.#qkNorm(options.qkNorm),
      sinks: planner.option(name('attn_sinks.weight'), numHeads),
      o: planner.matrix([name('attn_output.weight')], q, [hiddenSize]),
      oBias: planner.option(name('attn_output.bias'), hiddenSize),
    };
  }

  /** @throws Internal without a configuration of it */
  latentAttention(): LatentTensors {
    const { planner, config } = this.#model;
    const { hiddenSize, numHeads, latent } = config;
    if (latent === undefined) throw new LinnetError('Internal', 'A model without latents was asked for them.');
    const { queryRank, rank, plainDim, ropeDim, valueDim } = latent;
    const name = (part: string) => this.#name(`${part}.weight`);
    const qRows = numHeads * (plainDim + ropeDim);
    const perHead = (part: string, rowElements: number, rows: number) =>
      planner.matrix(
        [planner.reshaped(name(part), [rowElements, rows, numHeads], [rowElements, rows * numHeads])],
        rowElements,
        [rows * numHeads],
      );
    return {
      layer: this.index,
      config: latent,
      qDown:
        queryRank === 0
          ? undefined
          : {
              matrix: planner.matrix([name('attn_q_a')], hiddenSize, [queryRank]),
              norm: planner.vector(name('attn_q_a_norm'), queryRank),
            },
      q:
        queryRank === 0
          ? planner.matrix([name('attn_q')], hiddenSize, [qRows])
          : planner.matrix([name('attn_q_b')], queryRank, [qRows]),
      kvDown: planner.matrix([name('attn_kv_a_mqa')], hiddenSize, [rank + ropeDim]),
      kvNorm: planner.vector(name('attn_kv_a_norm'), rank),
      kUp: perHead('attn_k_b', plainDim, rank),
      vUp: perHead('attn_v_b', rank, valueDim),
      o: planner.matrix([name('attn_output')], numHeads * valueDim, [hiddenSize]),
    };
  }

  /**
   * Gate and up apart or in one tensor, gate first; biases where the file has some. `suffix`: of the tensors' names;
   * `ffnSize`: where it is not the configuration's.
   */
  feedForward(suffix = '', ffnSize = this.#model.config.ffnSize): FeedForwardTensors {
    const { planner, config } = this.#model;
    const { hiddenSize } = config;
    const name = (part: string) => this.#name(part);
    const up = name(`ffn_up${suffix}.weight`);
    const [first, second] = planner.has(name(`ffn_gate${suffix}.weight`))
      ? [name(`ffn_gate${suffix}.weight`), up]
      : planner.halves(up, hiddenSize, ffnSize);
    const padded = paddedRowElements(ffnSize);
    return {
      up: { kind: 'gated', gateUp: planner.pair(first, second, hiddenSize, ffnSize) },
      upBias: planner.joined(name(`ffn_gate_up${suffix}.bias`), 2 * padded, [
        { name: name(`ffn_gate${suffix}.bias`), numElements: ffnSize, offset: 0 },
        { name: name(`ffn_up${suffix}.bias`), numElements: ffnSize, offset: padded },
      ]),
      ...this.#down(suffix, ffnSize),
    };
  }

  /** Stacked matrices of experts; a shared one and biases where the file has some. @throws Internal without a configuration */
  experts(): ExpertsTensors {
    const { planner, config } = this.#model;
    const { hiddenSize, experts } = config;
    if (experts === undefined) throw new LinnetError('Internal', 'A model without experts was asked for them.');
    const { numExperts, numUsed, ffnSize, sharedFfnSize } = experts;
    const usedShare = numUsed / numExperts;
    const stacked = (part: string, rowElements: number, rows: number) =>
      planner.reshaped(this.#name(part), [rowElements, rows, numExperts], [rowElements, rows * numExperts]);
    const biases = (part: string, rows: number) =>
      planner.reshaped(this.#name(part), [rows, numExperts], [rows * numExperts]);
    const sharedGate = this.#name('ffn_gate_inp_shexp.weight');
    const gated = planner.has(sharedGate);
    const router = [
      this.#name('ffn_gate_inp.weight'),
      ...(gated ? [planner.reshaped(sharedGate, [hiddenSize], [hiddenSize, 1])] : []),
    ];
    const numRows = numExperts * ffnSize;
    return {
      router: planner.parts(router, hiddenSize, [numExperts, 1]),
      routerBias: planner.option(this.#name('ffn_gate_inp.bias'), numExperts),
      choiceBias: planner.option(this.#name('exp_probs_b.bias'), numExperts),
      gateUp: planner.pair(
        stacked('ffn_gate_exps.weight', hiddenSize, ffnSize),
        stacked('ffn_up_exps.weight', hiddenSize, ffnSize),
        hiddenSize,
        numRows,
        { usedShare },
      ),
      gateUpBias: planner.joined(this.#name('ffn_gate_up_exps.bias'), 2 * numRows, [
        { name: biases('ffn_gate_exps.bias', ffnSize), numElements: numRows, offset: 0 },
        { name: biases('ffn_up_exps.bias', ffnSize), numElements: numRows, offset: numRows },
      ]),
      down: planner.matrix([stacked('ffn_down_exps.weight', ffnSize, hiddenSize)], ffnSize, [numExperts * hiddenSize], {
        usedShare,
      }),
      downBias: planner.option(biases('ffn_down_exps.bias', hiddenSize), numExperts * hiddenSize),
      shared: sharedFfnSize === 0 ? undefined : { feedForward: this.feedForward('_shexp', sharedFfnSize), gated },
    };
  }

  /** Without a gate. */
  plainFeedForward(): FeedForwardTensors {
    const { planner, config } = this.#model;
    const { hiddenSize, ffnSize } = config;
    const name = (part: string) => this.#name(part);
    return {
      up: { kind: 'plain', matrix: planner.matrix([name('ffn_up.weight')], hiddenSize, [ffnSize]) },
      upBias: planner.joined(name('ffn_up.bias'), paddedRowElements(ffnSize), [
        { name: name('ffn_up.bias'), numElements: ffnSize, offset: 0 },
      ]),
      ...this.#down(),
    };
  }

  #down(suffix = '', ffnSize = this.#model.config.ffnSize): Pick<FeedForwardTensors, 'down' | 'downBias'> {
    const { planner, config } = this.#model;
    const { hiddenSize } = config;
    return {
      down: planner.matrix([this.#name(`ffn_down${suffix}.weight`)], ffnSize, [hiddenSize]),
      downBias: planner.option(this.#name(`ffn_down${suffix}.bias`), hiddenSize),
    };
  }

  #qkNorm(kind: QkNormKind): AttentionTensors['qkNorm'] {
    const { numHeads, numKvHeads, headDim } = this.#model.config;
    const [q, k] = kind === 'head' ? [headDim, headDim] : [numHeads * headDim, numKvHeads * headDim];
    const weight = this.#model.planner.concatenated(this.#name('qk_norm.weight'), [
      { name: this.#name('attn_q_norm.weight'), numElements: q },
      { name: this.#name('attn_k_norm.weight'), numElements: k },
    ]);
    return { kind, weight };
  }
}

function planNorm(model: DecoderTensors, name: string, kind: NormTensors['kind'], scale = 1): NormTensors {
  const { planner, config } = model;
  return {
    kind,
    weight: planner.vector(`${name}.weight`, config.hiddenSize, scale),
    bias: kind === 'layer' ? planner.option(`${name}.bias`, config.hiddenSize, scale) : undefined,
  };
}
