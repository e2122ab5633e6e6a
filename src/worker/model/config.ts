/**
 * The shape of a llama-type model, read from GGUF metadata and checked before anything is allocated.
 * Knows nothing of tensors' bytes or of the GPU. Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { LinnetError } from '../errors.ts';
import type { GgufMetadata } from '../loading/gguf-metadata.ts';

export type RopeScaling =
  | { readonly kind: 'none' }
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'yarn';
      readonly factor: number;
      readonly originalContextLength: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly logMultiplier: number;
    };

export interface ModelConfig {
  readonly architecture: string;
  readonly name: string;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly ffnSize: number;
  readonly rmsNormEps: number;
  readonly contextLength: number;
  readonly ropeTheta: number;
  readonly ropeDim: number;
  readonly ropeScaling: RopeScaling;
  readonly ropeAttnFactor: number;
  readonly attentionScale: number;
}

export const SUPPORTED_ARCHITECTURES: ReadonlySet<string> = new Set(['llama']);

/** @throws GgufInvalid naming the key; UnsupportedArchitecture for what the llama graph here does not do. */
export function readModelConfig(metadata: GgufMetadata): ModelConfig {
  const architecture = metadata.requireString('general.architecture');
  const key = (name: string) => `${architecture}.${name}`;
  const need = (name: string) => positive(key(name), metadata.requireNumber(key(name)));
  const option = (name: string, fallback: number) => metadata.number(key(name)) ?? fallback;
  refuseExperts(metadata, architecture);

  const hiddenSize = need('embedding_length');
  const numHeads = need('attention.head_count');
  const numKvHeads = option('attention.head_count_kv', numHeads);
  const headDim = option('attention.key_length', hiddenSize / numHeads);
  const valueDim = option('attention.value_length', headDim);
  demand(
    Number.isInteger(headDim) && headDim % 4 === 0 && headDim <= 512,
    architecture,
    `a head size of ${String(headDim)}`,
  );
  demand(
    valueDim === headDim,
    architecture,
    `values of another size (${String(valueDim)}) than keys (${String(headDim)})`,
  );
  demand(
    numHeads % numKvHeads === 0,
    architecture,
    `${String(numHeads)} heads on ${String(numKvHeads)} key-value heads`,
  );
  const ropeDim = option('rope.dimension_count', headDim);
  demand(
    ropeDim % 2 === 0 && ropeDim <= headDim,
    architecture,
    `rotation of ${String(ropeDim)} of ${String(headDim)} elements`,
  );
  const contextLength = need('context_length');
  return {
    architecture,
    name: metadata.string('general.name') ?? architecture,
    hiddenSize,
    numLayers: need('block_count'),
    numHeads,
    numKvHeads,
    headDim,
    ffnSize: need('feed_forward_length'),
    rmsNormEps: metadata.requireNumber(key('attention.layer_norm_rms_epsilon')),
    contextLength,
    ropeTheta: option('rope.freq_base', 10000),
    ropeDim,
    ropeScaling: readScaling(metadata, key, contextLength),
    ropeAttnFactor: option('rope.scaling.attn_factor', 1),
    attentionScale: option('attention.scale', 0) || 1 / Math.sqrt(headDim),
  };
}

function readScaling(metadata: GgufMetadata, key: (name: string) => string, contextLength: number): RopeScaling {
  const factor = metadata.number(key('rope.scaling.factor')) ?? metadata.number(key('rope.scale_linear')) ?? 1;
  const kind = metadata.string(key('rope.scaling.type')) ?? 'linear';
  const option = (name: string, fallback: number) => metadata.number(key(name)) ?? fallback;
  switch (kind) {
    case 'none':
      return { kind: 'none' };
    case 'linear':
      return factor === 1 ? { kind: 'none' } : { kind: 'linear', factor };
    case 'yarn':
      return {
        kind: 'yarn',
        factor,
        originalContextLength: option('rope.scaling.original_context_length', contextLength),
        betaFast: option('rope.scaling.yarn_beta_fast', 32),
        betaSlow: option('rope.scaling.yarn_beta_slow', 1),
        logMultiplier: option('rope.scaling.yarn_log_multiplier', 0),
      };
    default:
      throw new LinnetError(
        'UnsupportedArchitecture',
        `The rotary scaling "${kind}" (${key('rope.scaling.type')}) is not supported; none, linear and yarn are. Choose another model.`,
      );
  }
}

function refuseExperts(metadata: GgufMetadata, architecture: string): void {
  const numExperts = metadata.number(`${architecture}.expert_count`) ?? 0;
  demand(numExperts === 0, architecture, `a mixture of ${String(numExperts)} experts`);
}

function demand(condition: boolean, architecture: string, what: string): void {
  if (!condition) {
    throw new LinnetError(
      'UnsupportedArchitecture',
      `This ${architecture} model has ${what}, which is not supported. Choose another model.`,
    );
  }
}

function positive(key: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new LinnetError(
    'GgufInvalid',
    `The metadata key ${key} is ${String(value)}, not a positive number: the file is damaged.`,
  );
}
