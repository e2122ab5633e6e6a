/**
 * The tensors of a decoder by their roles: what a family's plan is made of. Names, shapes and which tensors may be missing
 * are told here once for all families. Reads nothing and allocates nothing.
 */
import { paddedRowElements } from '../../shaders/blocks/block-type.ts';
import type { PlanningLimits } from '../gpu/gpu.ts';
import type { GgufFile } from '../loading/gguf-file.ts';
import { rowsOf } from '../loading/upload.ts';
import { LinnetError } from '../errors.ts';
import type { LayerConfig, ModelConfig } from './config.ts';
import { planExperts } from './expert-tensors.ts';
import { planLatent } from './latent-tensors.ts';
import type { QkNormKind } from './norm-ops.ts';
import { planMixer, type MixerTensors } from './recurrent/tensors.ts';
import { planChannelShift, type ShiftTensors } from './recurrent/wkv-tensors.ts';
import type { ModelSizes } from './sizes.ts';
import { missingTensor, TensorPlanner, type Part, type PlannedMatrix, type PlannedVector } from './tensors.ts';
import type {
  AddedEmbedding,
  AttentionTensors,
  ExpertsTensors,
  FeedForwardTensors,
  Forward,
  LatentTensors,
  NormTensors,
  PlannedModel,
} from './forward-step.ts';

export type {
  AddedEmbedding,
  AttentionTensors,
  BlockOptions,
  ExpertsOptions,
  ExpertsTensors,
  FeedForwardTensors,
  Forward,
  ForwardStep,
  HeadOptions,
  LatentTensors,
  NormOptions,
  NormTensors,
  PlannedModel,
} from './forward-step.ts';

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
  #outputNorm: NormTensors | undefined;

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
  outputNorm(kind: NormTensors['kind'] = 'rms', name = 'output_norm'): NormTensors {
    this.#outputNorm = planNorm(this, name, kind, this.config.logitScale);
    return this.#outputNorm;
  }

  /** Of the vocabulary head. */
  outputBias(): PlannedVector | undefined {
    return this.planner.option('output.bias', this.#head.plan.numRows);
  }

  /** Of families that norm the embeddings. */
  embeddingNorm(kind: NormTensors['kind']): NormTensors {
    return planNorm(this, 'token_embd_norm', kind);
  }

  /** The vector that is added to every token of a text, of those for two texts at once; where the model has some. */
  firstTokenType(): readonly AddedEmbedding[] {
    const numTypes = this.planner.rowsOf('token_types.weight');
    if (numTypes === undefined) return [];
    return [{ matrix: this.matrix('token_types', this.config.hiddenSize, numTypes), index: 'first' }];
  }

  /** Learned positions. @throws LimitExceeded for a context longer than the table */
  positions(): AddedEmbedding {
    const { hiddenSize, contextLength } = this.config;
    if (this.sizes.contextLength > contextLength) {
      throw new LinnetError(
        'LimitExceeded',
        `A context of ${String(this.sizes.contextLength)} tokens is longer than the ${String(contextLength)} positions this model has learned. Choose a smaller context.`,
      );
    }
    return { matrix: this.planner.matrix(['position_embd.weight'], hiddenSize, [contextLength]), index: 'position' };
  }

  /** A row for each token, to be looked up. */
  vocabularyTable(name: string, rowElements: number): PlannedMatrix {
    return this.matrix(name, rowElements, this.#embedding.plan.numRows);
  }

  /** The matrices that a tensor of three dimensions is a stack of. */
  stackedMatrices(name: string, rowElements: number, numRows: number, count: number): readonly PlannedMatrix[] {
    const names = this.planner.slices(`${name}.weight`, rowElements, numRows, count);
    return names.map((slice) => this.planner.matrix([slice], rowElements, [numRows]));
  }

  /** A matrix that no layer has. */
  matrix(name: string, rowElements: number, numRows: number): PlannedMatrix {
    return this.planner.matrix([`${name}.weight`], rowElements, [numRows]);
  }

  layers<L>(plan: (layer: LayerTensors) => L): readonly L[] {
    return Array.from({ length: this.config.numLayers }, (_, i) => plan(new LayerTensors(this, i)));
  }

  /** @throws UnsupportedArchitecture for a tensor nobody asked for */
  finish(forward: Forward): PlannedModel {
    return {
      embedding: this.#embedding,
      head: this.#head,
      outputNorm: this.#outputNorm,
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

export interface AttentionOptions {
  readonly qkNorm?: QkNormKind;
  /** Values are normed by heads, without a weight. */
  readonly valueNorm?: boolean;
  /** Where a layer has no projection of values, that of keys is one: the values are the keys before norm and rotation. */
  readonly valuesFromKeys?: boolean;
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

  get config(): LayerConfig {
    const layer = this.#model.config.layers[this.index];
    if (layer === undefined) throw new LinnetError('Internal', `The model has no layer ${String(this.index)}.`);
    return layer;
  }

  has(part: string): boolean {
    return this.#model.planner.has(this.#name(part));
  }

  norm(name: string, kind: NormTensors['kind'] = 'rms'): NormTensors {
    return planNorm(this.#model, this.#name(name), kind);
  }

  /** The norm of what a router sees, divided by the root of the width; its weight's name ends in `scale`. */
  routerNorm(): NormTensors {
    const { planner, config } = this.#model;
    const { hiddenSize } = config;
    const weight = planner.vector(this.#name('ffn_gate_inp.scale'), hiddenSize, 1 / Math.sqrt(hiddenSize));
    return { kind: 'rms', weight, bias: undefined };
  }

  matrix(name: string, rowElements: number, numRows: number): PlannedMatrix {
    return this.#model.planner.matrix([this.#name(`${name}.weight`)], rowElements, [numRows]);
  }

  /** A small matrix as a vector, row by row. */
  flat(name: string, shape: readonly number[]): PlannedVector {
    return this.#model.planner.flat(this.#name(`${name}.weight`), shape);
  }

  vector(name: string, numElements: number): PlannedVector {
    return this.#model.planner.vector(this.#name(`${name}.weight`), numElements);
  }

  /** q, k and v apart or in one tensor, q alone where keys and values are another layer's; biases where the file has some. */
  attention(options: AttentionOptions = {}): AttentionTensors {
    const { planner, sizes, config } = this.#model;
    const { hiddenSize, numHeads } = config;
    const { headDim, numKvHeads, cache } = this.config;
    const q = numHeads * headDim;
    const queriesOnly = cache < this.index && config.encoder === undefined;
    const kv = queriesOnly ? 0 : numKvHeads * headDim;
    const name = (part: string) => this.#name(part);
    const fused = name('attn_qkv.weight');
    const values = options.valuesFromKeys === true && !this.has('attn_v.weight') ? 'attn_k.weight' : 'attn_v.weight';
    const apart = queriesOnly ? ['attn_q.weight'] : ['attn_q.weight', 'attn_k.weight', values];
    if (queriesOnly) planner.ignore(['attn_k.weight', 'attn_v.weight', 'attn_k_norm.weight'].map(name));
    const qkv = config.attentionGates
      ? this.#gatedProjections()
      : planner.has(fused)
        ? planner.parts([fused], hiddenSize, [q + 2 * kv])
        : planner.parts(apart.map(name), hiddenSize, queriesOnly ? [q] : [q, kv, kv]);
    const biases = planner.has(name('attn_qkv.bias'))
      ? [{ name: name('attn_qkv.bias'), numElements: q + 2 * kv, offset: 0 }]
      : [
          { name: name('attn_q.bias'), numElements: q, offset: 0 },
          { name: name('attn_k.bias'), numElements: kv, offset: q },
          { name: name('attn_v.bias'), numElements: kv, offset: q + kv },
        ];
    return {
      layer: this.index,
      queriesOnly,
      qkv,
      qkvBias: planner.joined(name('qkv.bias'), sizes.padded.qkv, biases),
      qkNorm: this.#qkNorm(options, queriesOnly),
      sinks: planner.option(name('attn_sinks.weight'), numHeads),
      o: planner.matrix([name('attn_output.weight')], q, [hiddenSize]),
      oBias: planner.option(name('attn_output.bias'), hiddenSize),
    };
  }

  /** A block that keeps a state, as the model's configuration has it. */
  mixer(): MixerTensors {
    const { planner, config } = this.#model;
    return planMixer({ planner, config, layer: this.index });
  }

  /** Of the rows that RWKV's channel mix takes. */
  channelShift(): ShiftTensors {
    const { planner, config } = this.#model;
    return planChannelShift({ planner, config, layer: this.index });
  }

  /** @throws Internal without a configuration of it */
  latentAttention(): LatentTensors {
    const { planner, config } = this.#model;
    return planLatent({ planner, config, layer: this.index });
  }

  /**
   * Gate and up apart or in one tensor, gate first; biases where the file has some. `suffix`: of the tensors' names;
   * `ffnSize`: where it is not the layer's.
   */
  feedForward(suffix = '', ffnSize = this.config.ffnSize): FeedForwardTensors {
    const { planner, config } = this.#model;
    const { hiddenSize } = config;
    const name = (part: string) => this.#name(part);
    const up = name(`ffn_up${suffix}.weight`);
    const [first, second] = planner.has(name(`ffn_gate${suffix}.weight`))
      ? [name(`ffn_gate${suffix}.weight`), up]
      : planner.halves(up, hiddenSize, ffnSize);
    const padded = paddedRowElements(ffnSize);
    return {
      layer: this.index,
      up: {
        kind: 'gated',
        gateUp: planner.pair([first], [second], hiddenSize, ffnSize, { apart: this.#gateStandsAlone }),
      },
      upBias: planner.joined(name(`ffn_gate_up${suffix}.bias`), 2 * padded, [
        { name: name(`ffn_gate${suffix}.bias`), numElements: ffnSize, offset: 0 },
        { name: name(`ffn_up${suffix}.bias`), numElements: ffnSize, offset: padded },
      ]),
      ...this.#down(`ffn_down${suffix}`, ffnSize),
    };
  }

  /** @throws Internal without a configuration of them */
  experts(): ExpertsTensors {
    const { planner, config } = this.#model;
    return planExperts({ planner, config, nameOf: (part) => this.#name(part) }, (ffnSize) =>
      this.feedForward('_shexp', ffnSize),
    );
  }

  /** Whether something is done to the gate before it is multiplied. */
  get #gateStandsAlone(): boolean {
    return (this.#model.config.gateSparsity?.[this.index] ?? 0) !== 0;
  }

  /** Without a gate; `up` and `down`: of the tensors' names. */
  plainFeedForward({ up = 'ffn_up', down = 'ffn_down' } = {}): FeedForwardTensors {
    const { planner, config } = this.#model;
    const { hiddenSize } = config;
    const { ffnSize } = this.config;
    const name = (part: string) => this.#name(part);
    return {
      layer: this.index,
      up: { kind: 'plain', matrix: planner.matrix([name(`${up}.weight`)], hiddenSize, [ffnSize]) },
      upBias: planner.joined(name(`${up}.bias`), paddedRowElements(ffnSize), [
        { name: name(`${up}.bias`), numElements: ffnSize, offset: 0 },
      ]),
      ...this.#down(down),
    };
  }

  /** q, k, v and gates; one tensor has the rows of a head's query and of its gate by turns. */
  #gatedProjections(): readonly Part<PlannedMatrix>[] {
    const { planner, config } = this.#model;
    const { hiddenSize, numHeads } = config;
    const { headDim, numKvHeads } = this.config;
    const byTurns = planner.cut(this.#name('attn_q.weight'), hiddenSize, new Array<number>(2 * numHeads).fill(headDim));
    const turn = (which: number) => byTurns.filter((_, i) => i % 2 === which);
    const heads = new Array<number>(numHeads).fill(headDim);
    const kv = numKvHeads * headDim;
    const names = [...turn(0), this.#name('attn_k.weight'), this.#name('attn_v.weight'), ...turn(1)];
    return planner.parts(names, hiddenSize, [...heads, kv, kv, ...heads]);
  }

  #down(name: string, ffnSize = this.config.ffnSize): Pick<FeedForwardTensors, 'down' | 'downBias'> {
    const { planner, config } = this.#model;
    const { hiddenSize } = config;
    return {
      down: planner.matrix([this.#name(`${name}.weight`)], ffnSize, [hiddenSize]),
      downBias: planner.option(this.#name(`${name}.bias`), hiddenSize),
    };
  }

  #qkNorm({ qkNorm: kind, valueNorm = false }: AttentionOptions, queriesOnly: boolean): AttentionTensors['qkNorm'] {
    if (kind === undefined) return undefined;
    const { numHeads } = this.#model.config;
    const { headDim, numKvHeads } = this.config;
    const [q, k] = kind === 'head' ? [headDim, headDim] : [numHeads * headDim, numKvHeads * headDim];
    const weights = [
      { name: this.#name('attn_q_norm.weight'), shape: [q] },
      { name: this.#name('attn_k_norm.weight'), shape: [k] },
    ];
    const weight = this.#model.planner.concatenated(
      this.#name('qk_norm.weight'),
      queriesOnly ? weights.slice(0, 1) : weights,
    );
    return { kind, values: valueNorm, weight };
  }
}

function planNorm(model: DecoderTensors, name: string, kind: NormTensors['kind'], scale = 1): NormTensors {
  const { planner, config } = model;
  // Some files have a norm's weight by the bare name.
  const weight = planner.has(name) ? name : `${name}.weight`;
  return {
    kind,
    weight: planner.vector(weight, config.hiddenSize, scale),
    bias: kind === 'layer' ? planner.option(`${name}.bias`, config.hiddenSize, scale) : undefined,
  };
}
