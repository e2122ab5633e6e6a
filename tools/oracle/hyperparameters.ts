/**
 * What the metadata of the architectures mean that the oracle computes: Llama, Qwen 3 (https://arxiv.org/abs/2505.09388), Gemma 3
 * (https://arxiv.org/abs/2503.19786). They differ in what is rotated with what, in windows, scales and an activation; norms of
 * heads and behind blocks are there where the file has their weights. Written from the papers; knows nothing of the runtime's own.
 */
import type { GgufMetadata } from '../../src/worker/loading/gguf-metadata.ts';
import type { Activation, ExpertsSpec } from './experts.ts';
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
}

const ARCHITECTURES: readonly string[] = ['llama', 'qwen3', 'gemma3'];

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
    numKvHeads: option('attention.head_count_kv', numHeads),
    headSize,
    epsilon: need('attention.layer_norm_rms_epsilon'),
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
