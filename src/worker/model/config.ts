/**
 * The shape of a decoder-only model, read from GGUF metadata and checked before anything is allocated: what all families
 * have; a family (families/) adds what its metadata means beyond that. Knows nothing of tensors' bytes or of the GPU.
 * Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { MAX_HEAD_DIM } from '../../shaders/attention/attention.ts';
import type { Activation } from '../../shaders/elementwise/activation.ts';
import type { Pooling } from '../../shaders/pool/pool.ts';
import { LinnetError } from '../errors.ts';
import type { GgufMetadata } from '../loading/gguf-metadata.ts';
import type { RecurrentConfig } from './recurrent/config.ts';

export type RopeScaling =
  | { readonly kind: 'none' }
  | { readonly kind: 'linear'; readonly factor: number }
  /** What the frequencies are divided by is a tensor of the file. */
  | { readonly kind: 'longrope'; readonly originalContextLength: number }
  | {
      readonly kind: 'yarn';
      readonly factor: number;
      readonly originalContextLength: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly logMultiplier: number;
    };

/** One table of rotary angles. */
export interface RopeConfig {
  readonly theta: number;
  /** Elements of a head that are rotated. */
  readonly dim: number;
  readonly scaling: RopeScaling;
  /** What cosines and sines are multiplied with. */
  readonly attnFactor: number;
}

/** What layers of one model may differ in. */
export interface LayerConfig {
  /** Keys a token sees, its own among them, or, in an encoder, on either side; undefined: all. */
  readonly window: number | undefined;
  /** Which of the tables rotates queries and keys; undefined: they are not rotated. */
  readonly rope: number | undefined;
  readonly headDim: number;
  readonly numKvHeads: number;
  readonly ffnSize: number;
  /** The layer in whose cache its keys and values lie: itself, or an earlier one; NO_CACHE where it has none. */
  readonly cache: number;
  /** It keeps a state, as `recurrent` of the model says. */
  readonly hasState?: boolean;
}

/** Of layers without attention. */
export const NO_CACHE = -1;

/** Activations that a family has besides those of every decoder: a row of `width` floats for each row of a step, `parts` times. */
export interface NamedBuffer {
  readonly width: number;
  readonly parts?: number;
}

/** A mixture of experts in the place of feed-forwards. */
export interface ExpertsConfig {
  readonly numExperts: number;
  /** Experts a row takes. */
  readonly numUsed: number;
  readonly ffnSize: number;
  /** Of the expert that every row takes, in the place of `ffnSize`; 0: there is none. */
  readonly sharedFfnSize: number;
  /** What turns the router's logits into weights. */
  readonly gating: 'softmax' | 'sigmoid';
  /** The weights of a row are divided by their sum. */
  readonly normalised: boolean;
  /** What weights are multiplied with. */
  readonly scale: number;
  /** Experts are chosen among the `numUsed` groups of neighbours with the greatest sums of two keys. */
  readonly groups: { readonly num: number; readonly numUsed: number } | undefined;
  /** Layers at the front without experts. */
  readonly numDenseLayers: number;
}

/** Multi-head latent attention (https://arxiv.org/abs/2405.04434): keys and values are one latent, which is what the cache holds. */
export interface LatentConfig {
  /** Of queries, before they are heads; 0: they come straight from the residual stream. */
  readonly queryRank: number;
  /** Elements of the latent. */
  readonly rank: number;
  /** Elements of a query head that are not rotated, and that are. */
  readonly plainDim: number;
  readonly ropeDim: number;
  readonly valueDim: number;
}

export interface ModelConfig {
  readonly architecture: string;
  readonly name: string;
  readonly hiddenSize: number;
  readonly numHeads: number;
  readonly experts: ExpertsConfig | undefined;
  readonly activation: Activation;
  /** By layer, of a gate what is kept: what exceeds its mean by so many standard deviations; 0: all. Undefined: all of all. */
  readonly gateSparsity?: readonly number[];
  readonly normEps: number;
  readonly contextLength: number;
  readonly numLayers: number;
  readonly layers: readonly LayerConfig[]; // [numLayers]
  /** Rotation turns elements i and i + dim / 2 of a head instead of 2i and 2i + 1. */
  readonly rotateHalves: boolean;
  /** The first is the model's own. */
  readonly ropes: readonly [RopeConfig, ...RopeConfig[]];
  /** Heads are then as long as what is rotated and the latent, and keys and values have one. */
  readonly latent: LatentConfig | undefined;
  readonly attentionScale: number;
  /** c: scores are c tanh(score / c); 0: as they are. */
  readonly attentionSoftcap: number;
  /** Queries are multiplied with 1 + scale ln(1 + floor(position / originalContextLength)). */
  readonly queryGrowth: { readonly scale: number; readonly originalContextLength: number } | undefined;
  readonly embeddingScale: number;
  /** What logits are multiplied with. */
  readonly logitScale: number;
  /** c: logits are c tanh(logit / c); 0: as they are. */
  readonly logitSoftcap: number;
  /** Of models whose tokens see both sides and that give a vector for each text, not the next token. */
  readonly encoder: { readonly pooling: Pooling } | undefined;
  /** Each head's result is multiplied with the sigmoid of a gate, which is projected along with its query. */
  readonly attentionGates: boolean;
  /** The blocks of layers that keep a state. */
  readonly recurrent: RecurrentConfig | undefined;
  /** By name; part i of one with parts is `name[i]`. */
  readonly buffers: Readonly<Record<string, NamedBuffer>>;
}

/** The metadata of one architecture, by the names of its keys behind `<architecture>.`. */
export class ModelKeys {
  readonly architecture: string;
  readonly metadata: GgufMetadata;

  constructor(metadata: GgufMetadata) {
    this.metadata = metadata;
    this.architecture = metadata.requireString('general.architecture');
  }

  /** The whole key. */
  key(name: string): string {
    return `${this.architecture}.${name}`;
  }

  has(name: string): boolean {
    return this.metadata.has(this.key(name));
  }

  number(name: string): number | undefined {
    return this.metadata.number(this.key(name));
  }

  option(name: string, fallback: number): number {
    return this.number(name) ?? fallback;
  }

  /** @throws GgufInvalid */
  require(name: string): number {
    return this.metadata.requireNumber(this.key(name));
  }

  /** @throws GgufInvalid */
  positive(name: string): number {
    const value = this.require(name);
    if (Number.isInteger(value) && value > 0) return value;
    throw new LinnetError(
      'GgufInvalid',
      `The metadata key ${this.key(name)} is ${String(value)}, not a positive number: the file is damaged.`,
    );
  }

  /** One number for each layer: of an array, or the same for all. @throws GgufInvalid when the key is missing or the array too short */
  perLayer(name: string, numLayers: number, fallback?: number): readonly number[] {
    const key = this.key(name);
    const raw = this.metadata.raw(key);
    if (!ArrayBuffer.isView(raw)) {
      const one = fallback === undefined ? this.require(name) : this.option(name, fallback);
      return Array.from({ length: numLayers }, () => one);
    }
    const values = this.metadata.requireNumbers(key);
    if (values.length >= numLayers) return Array.from(values.subarray(0, numLayers));
    throw new LinnetError(
      'GgufInvalid',
      `The metadata key ${key} has ${String(values.length)} values for ${String(numLayers)} layers: the file is damaged.`,
    );
  }

  /** @throws UnsupportedArchitecture, "This ... model has `what`", unless the condition holds. */
  demand(condition: boolean, what: string): void {
    if (condition) return;
    throw new LinnetError(
      'UnsupportedArchitecture',
      `This ${this.architecture} model has ${what}, which is not supported. Choose another model.`,
    );
  }
}

/** The key of RMS norms' epsilon. */
const RMS_EPS = 'attention.layer_norm_rms_epsilon';

/** How a family differs from a plain decoder, as far as its keys are read. */
export interface CommonOptions {
  /** Default: RMS norms'. */
  readonly normEpsKey?: string;
  /** Reads the experts of families that may have some. */
  readonly experts?: (keys: ModelKeys) => ExpertsConfig;
  /** Heads are not those that the keys describe. */
  readonly latent?: LatentConfig;
  /** A layer without key-value heads keeps a state. */
  readonly hasStates?: boolean;
}

/** What few families have, as it is for those that have it not. */
const PLAIN = {
  activation: 'silu',
  rotateHalves: false,
  attentionSoftcap: 0,
  queryGrowth: undefined,
  embeddingScale: 1,
  logitScale: 1,
  logitSoftcap: 0,
  encoder: undefined,
  attentionGates: false,
  recurrent: undefined,
  buffers: {},
} as const;

/**
 * What families share: a plain decoder, every layer alike.
 * @throws GgufInvalid naming the key; UnsupportedArchitecture for shapes that the kernels do not have
 */
export function readCommonConfig(
  keys: ModelKeys,
  { normEpsKey = RMS_EPS, experts, latent, hasStates = false }: CommonOptions = {},
): ModelConfig {
  const numExperts = keys.option('expert_count', 0);
  keys.demand(numExperts === 0 || experts !== undefined, `a mixture of ${String(numExperts)} experts`);
  const hiddenSize = keys.positive('embedding_length');
  const numHeads = keys.positive('attention.head_count');
  const headDim = latent ? latent.ropeDim + latent.rank : keys.option('attention.key_length', hiddenSize / numHeads);
  const valueDim = latent ? headDim : keys.option('attention.value_length', headDim);
  keys.demand(
    Number.isInteger(headDim) && headDim % 4 === 0 && headDim <= MAX_HEAD_DIM,
    `a head size of ${String(headDim)}`,
  );
  keys.demand(valueDim === headDim, `values of another size (${String(valueDim)}) than keys (${String(headDim)})`);
  const ropeDim = keys.option('rope.dimension_count', headDim);
  keys.demand(ropeDim % 2 === 0 && ropeDim <= headDim, `rotation of ${String(ropeDim)} of ${String(headDim)} elements`);
  const contextLength = keys.positive('context_length');
  const numLayers = keys.positive('block_count');
  const ffnSizes = keys.perLayer('feed_forward_length', numLayers);
  const numKvHeads =
    latent === undefined
      ? keys.perLayer('attention.head_count_kv', numLayers, numHeads)
      : Array.from({ length: numLayers }, () => 1);
  for (const count of numKvHeads) {
    keys.demand(
      numHeads % count === 0 || (hasStates && count === 0),
      `${String(numHeads)} heads on ${String(count)} key-value heads`,
    );
  }
  return {
    architecture: keys.architecture,
    name: keys.metadata.string('general.name') ?? keys.architecture,
    hiddenSize,
    numHeads,
    experts: numExperts === 0 ? undefined : experts?.(keys),
    normEps: keys.require(normEpsKey),
    contextLength,
    numLayers,
    layers: Array.from({ length: numLayers }, (_, i) => ({
      window: undefined,
      rope: 0,
      headDim,
      numKvHeads: numKvHeads[i] ?? NaN,
      ffnSize: ffnSizes[i] ?? NaN,
      ...(numKvHeads[i] === 0 ? { cache: NO_CACHE, hasState: true } : { cache: i }),
    })),
    ropes: [
      {
        theta: keys.option('rope.freq_base', 10000),
        dim: ropeDim,
        scaling: readScaling(keys, contextLength),
        attnFactor: keys.option('rope.scaling.attn_factor', 1),
      },
    ],
    latent,
    attentionScale: keys.option('attention.scale', 0) || 1 / Math.sqrt(headDim),
    ...PLAIN,
  };
}

/** A model that keeps states and has no attention: what attention would need is there, and of no use. */
export function readStateOnlyConfig(keys: ModelKeys, normEpsKey = RMS_EPS): ModelConfig {
  const numLayers = keys.positive('block_count');
  const layer = { window: undefined, rope: undefined, headDim: 4, numKvHeads: 1, ffnSize: 0, cache: NO_CACHE } as const;
  return {
    architecture: keys.architecture,
    name: keys.metadata.string('general.name') ?? keys.architecture,
    hiddenSize: keys.positive('embedding_length'),
    numHeads: 1,
    experts: undefined,
    normEps: keys.require(normEpsKey),
    contextLength: keys.positive('context_length'),
    numLayers,
    layers: Array.from({ length: numLayers }, () => ({ ...layer, hasState: true })),
    ropes: [{ theta: 10000, dim: 4, scaling: { kind: 'none' }, attnFactor: 1 }],
    latent: undefined,
    attentionScale: 1,
    ...PLAIN,
  };
}

function readScaling(keys: ModelKeys, contextLength: number): RopeScaling {
  const factor = keys.number('rope.scaling.factor') ?? keys.number('rope.scale_linear') ?? 1;
  const kind = keys.metadata.string(keys.key('rope.scaling.type')) ?? 'linear';
  const originalContextLength = keys.option('rope.scaling.original_context_length', contextLength);
  switch (kind) {
    case 'none':
      return { kind: 'none' };
    case 'linear':
      return factor === 1 ? { kind: 'none' } : { kind: 'linear', factor };
    case 'longrope':
      return { kind: 'longrope', originalContextLength };
    case 'yarn':
      return {
        kind: 'yarn',
        factor,
        originalContextLength,
        betaFast: keys.option('rope.scaling.yarn_beta_fast', 32),
        betaSlow: keys.option('rope.scaling.yarn_beta_slow', 1),
        logMultiplier: keys.option('rope.scaling.yarn_log_multiplier', 0),
      };
    default:
      throw new LinnetError(
        'UnsupportedArchitecture',
        `The rotary scaling "${kind}" (${keys.key('rope.scaling.type')}) is not supported; none, linear, yarn and longrope are. Choose another model.`,
      );
  }
}

/** `pooling_type` in llama.cpp's numbers; other numbers are rerankers or no pooling. */
const POOLING_TYPES: Readonly<Record<number, Pooling>> = { 1: 'mean', 2: 'first', 3: 'last' };

/** How a decoder's file wants its hidden states pooled; undefined where it does not say. */
export function poolingOf(keys: ModelKeys): Pooling | undefined {
  return POOLING_TYPES[keys.option('pooling_type', 0)];
}

/**
 * What encoders share: every layer uses the first one's cache in turn, since no later step reads it. @throws as readCommonConfig,
 * and UnsupportedArchitecture for a pooling that gives no vector for a text
 */
export function readEncoderConfig(keys: ModelKeys, normEpsKey = 'attention.layer_norm_epsilon'): ModelConfig {
  const common = readCommonConfig(keys, { normEpsKey });
  const type = keys.option('pooling_type', 0);
  const pooling = POOLING_TYPES[type];
  const isCausal = keys.metadata.boolean(keys.key('attention.causal')) ?? false;
  keys.demand(!isCausal, 'causal attention');
  if (pooling === undefined) {
    throw new LinnetError(
      'UnsupportedArchitecture',
      `This ${keys.architecture} model has the pooling type ${String(type)} (${keys.key('pooling_type')}), which gives no vector for a text; mean, cls and last are supported. Choose another model.`,
    );
  }
  return {
    ...common,
    rotateHalves: true,
    encoder: { pooling },
    layers: common.layers.map((layer) => ({ ...layer, cache: 0 })),
  };
}
