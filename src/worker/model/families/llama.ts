/**
 * Llama (https://arxiv.org/abs/2307.09288): norm, q|k|v, rotate, attend, o + residual; norm, gate|up, SwiGLU, down + residual.
 * Other families are this one with another configuration, or with queries and keys normed.
 */
import { readCommonConfig } from '../config.ts';
import type { AddedEmbedding, DecoderTensors, Forward, NormTensors } from '../decoder-tensors.ts';
import type { QkNormKind } from '../norm-ops.ts';
import type { Family } from './family.ts';

export interface PreNormOptions {
  readonly qkNorm?: QkNormKind;
  /** Default: rms. */
  readonly norm?: NormTensors['kind'];
  /** Default: gated. */
  readonly feedForward?: 'gated' | 'plain';
  /** What is added to the embeddings. */
  readonly added?: readonly AddedEmbedding[];
}

export function preNorm(tensors: DecoderTensors, options: PreNormOptions = {}): Forward {
  const { norm = 'rms', feedForward = 'gated' } = options;
  const layers = tensors.layers((layer) => ({
    attnNorm: layer.norm('attn_norm', norm),
    attention: layer.attention(options),
    ffnNorm: layer.norm('ffn_norm', norm),
    feedForward: feedForward === 'gated' ? layer.feedForward() : layer.plainFeedForward(),
  }));
  const outputNorm = tensors.outputNorm(norm);
  return (step) => {
    step.embed(options.added);
    for (const layer of layers) {
      step.attention(layer.attention, step.norm(layer.attnNorm));
      step.feedForward(layer.feedForward, step.norm(layer.ffnNorm));
    }
    step.head(outputNorm);
  };
}

export const llama: Family = {
  architecture: 'llama',
  models: 'Llama 2 and 3, Mistral 7B, SmolLM2, TinyLlama',
  config: (keys) => readCommonConfig(keys),
  plan: (tensors) => preNorm(tensors),
};
