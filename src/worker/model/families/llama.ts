/**
 * Llama (https://arxiv.org/abs/2307.09288): norm, q|k|v, rotate, attend, o + residual; norm, gate|up, SwiGLU, down + residual.
 * Other families are this one with another configuration, or with queries and keys normed.
 */
import { readCommonConfig } from '../config.ts';
import type { AddedEmbedding, DecoderTensors, Forward, NormTensors } from '../decoder-tensors.ts';
import { readExperts } from '../experts-config.ts';
import type { QkNormKind } from '../norm-ops.ts';
import type { Family } from './family.ts';

export interface ExpertsOptions {
  readonly qkNorm?: QkNormKind;
  /** Before the feed-forward; default: ffn_norm. */
  readonly ffnNorm?: string;
}

/** A mixture of experts as feed-forward, but in the first `numDenseLayers`. */
export function preNormExperts(tensors: DecoderTensors, options: ExpertsOptions = {}): Forward {
  const { ffnNorm = 'ffn_norm' } = options;
  const numDense = tensors.config.experts?.numDenseLayers ?? 0;
  const layers = tensors.layers((layer) => ({
    attnNorm: layer.norm('attn_norm'),
    attention: layer.attention(options),
    ffnNorm: layer.norm(ffnNorm),
    mlp: layer.index < numDense ? layer.feedForward() : layer.experts(),
  }));
  const outputNorm = tensors.outputNorm();
  return (step) => {
    step.embed();
    for (const { attnNorm, attention, ffnNorm, mlp } of layers) {
      step.attention(attention, step.norm(attnNorm));
      if ('router' in mlp) step.experts(mlp, step.norm(ffnNorm, { apart: true }));
      else step.feedForward(mlp, step.norm(ffnNorm));
    }
    step.head(outputNorm);
  };
}

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
  models: 'Llama 2 and 3, Mistral 7B, Mixtral, SmolLM2, TinyLlama',
  config: (keys) => readCommonConfig(keys, { experts: (own) => readExperts(own, { normalised: true }) }),
  plan: (tensors) => (tensors.config.experts === undefined ? preNorm(tensors) : preNormExperts(tensors)),
};
