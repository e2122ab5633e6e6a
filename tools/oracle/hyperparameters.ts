/**
 * What the metadata of the architectures mean that the oracle computes: Llama, Qwen 3 (https://arxiv.org/abs/2505.09388), Gemma 3
 * (https://arxiv.org/abs/2503.19786), LFM 2 (https://arxiv.org/abs/2511.23404), Qwen 3.5. They differ in what is rotated with what, in windows, scales and an activation; norms of
 * heads and behind blocks are there where the file has their weights. Written from the papers; knows nothing of the runtime's own.
 */
import type { GgufMetadata } from '../../src/worker/loading/gguf-metadata.ts';
import type { Activation, ExpertsSpec } from './experts.ts';
import type { DeltaNetSpec } from './recurrent.ts';
import type { RotationSpec } from './rotation.ts';

export interface Hyperparameters {
  readonly numLayers: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headSize: number;
  readonly epsilon: number;
  readonly embeddingScale: number;
  readonly activation: Activation;
  /** [numLayers] */
  readonly rotations: readonly RotationSpec[];
  /** [numLayers] Keys a token sees, its own among them. */
  readonly windows: readonly number[];
  readonly experts: ExpertsSpec | undefined;
  /** Of layers without attention, where they are not short convolutions. */
  readonly deltaNet: DeltaNetSpec | undefined;
  /** Names of norms, up to `.weight`. */
  readonly ffnNorm: string;
  readonly outputNorm: string;
}

const ARCHITECTURES: readonly string[] = ['llama', 'qwen3', 'gemma3', 'lfm2', 'qwen35'];

/** Of Gemma 3's layers, the last of so many has no window. */
const WINDOW_PERIOD = 6;

/** @throws Error for what the oracle does not do; it never guesses. */
export function readHyperparameters(metadata: GgufMetadata, pairFactors: Float64Array | undefined): Hyperparameters {
  const architecture = metadata.requireString('general.architecture');
  if (!ARCHITECTURES.includes(architecture)) {
    throw new Error(`the oracle computes ${ARCHITECTURES.join(', ')}, not ${architecture}`);
  }
  const key = (name: string) => `${architecture}.${name}`;
  for (const name of [
    'expert_gating_func',
    'expert_group_count',
    'attention.scale',
    'attn_logit_softcapping',
    'final_logit_softcapping',
    'rope.scaling.yarn_log_multiplier',
  ]) {
    if (metadata.number(key(name))) throw new Error(`the oracle does not know ${key(name)}`);
  }
  const need = (name: string) => metadata.requireNumber(key(name));
  const option = (name: string, fallback: number) => metadata.number(key(name)) ?? fallback;
  const hiddenSize = need('embedding_length');
  const numLayers = need('block_count');
  const numHeads = need('attention.head_count');
  const headSize = option('attention.key_length', hiddenSize / numHeads);
  const numExperts = option('expert_count', 0);
  const kvKey = key('attention.head_count_kv');
  // A number for each layer is 0 where a layer does not attend.
  const isPerLayer = typeof metadata.raw(kvKey) === 'object';
  const numKvHeads = isPerLayer ? Math.max(...metadata.requireNumbers(kvKey)) : (metadata.number(kvKey) ?? numHeads);
  const epsilon = need('attention.layer_norm_rms_epsilon');
  const isGemma = architecture === 'gemma3';
  // Its largest model divides scores by another root.
  if (isGemma && numLayers === 62) throw new Error('the oracle does not know Gemma 3 27B');
  const pairs = architecture === 'llama' ? 'neighbours' : 'halves';
  const rotation = { ...readRotation(metadata, key, headSize), pairs, pairFactors } as const;
  const ofWindows = { ...rotation, base: option('rope.freq_base_swa', 10000), scaling: 'none' } as const;
  const isWindowed = Array.from({ length: numLayers }, (_, layer) => isGemma && (layer + 1) % WINDOW_PERIOD !== 0);
  return {
    experts: numExperts === 0 ? undefined : { numExperts, numUsed: need('expert_used_count') },
    numLayers,
    numHeads,
    numKvHeads,
    headSize,
    epsilon,
    deltaNet:
      architecture !== 'qwen35'
        ? undefined
        : {
            headSize: need('ssm.state_size'),
            numKeyHeads: need('ssm.group_count'),
            numValueHeads: need('ssm.time_step_rank'),
            epsilon,
          },
    ffnNorm: architecture === 'qwen35' ? 'post_attention_norm' : 'ffn_norm',
    outputNorm: architecture === 'lfm2' ? 'token_embd_norm' : 'output_norm',
    embeddingScale: isGemma ? Math.sqrt(hiddenSize) : 1,
    activation: isGemma ? 'gelu' : 'silu',
    rotations: isWindowed.map((windowed) => (windowed ? ofWindows : rotation)),
    windows: isWindowed.map((windowed) => (windowed ? need('attention.sliding_window') : Infinity)),
  };
}

function readRotation(
  metadata: GgufMetadata,
  key: (name: string) => string,
  headSize: number,
): Omit<RotationSpec, 'pairs' | 'pairFactors'> {
  const option = (name: string, fallback: number) => metadata.number(key(name)) ?? fallback;
  const factor = option('rope.scaling.factor', 1);
  const scaling = metadata.string(key('rope.scaling.type')) ?? (factor === 1 ? 'none' : 'linear');
  if (scaling !== 'none' && scaling !== 'linear' && scaling !== 'yarn') {
    throw new Error(`the oracle does not know the rotary scaling ${scaling}`);
  }
  return {
    numElements: option('rope.dimension_count', headSize),
    base: option('rope.freq_base', 10000),
    scaling,
    factor,
    originalContextLength: option(
      'rope.scaling.original_context_length',
      metadata.requireNumber(key('context_length')),
    ),
    fastTurns: option('rope.scaling.yarn_beta_fast', 32),
    slowTurns: option('rope.scaling.yarn_beta_slow', 1),
    attnFactor: option('rope.scaling.attn_factor', 1),
  };
}
