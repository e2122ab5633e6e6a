/**
 * OLMo 2 (https://arxiv.org/abs/2501.00656): no norm before a block but one behind it, and queries and keys normed over all
 * heads of a row at once.
 */
import { readCommonConfig } from '../config.ts';
import type { DecoderTensors, Forward } from '../decoder-tensors.ts';
import { readExperts } from '../experts-config.ts';
import type { QkNormKind } from '../norm-ops.ts';
import type { Family } from './family.ts';
import { preNormExperts } from './llama.ts';

export function postNorm(tensors: DecoderTensors, options: { readonly qkNorm: QkNormKind }): Forward {
  const layers = tensors.layers((layer) => ({
    attention: layer.attention(options),
    attnNorm: layer.norm('post_attention_norm'),
    feedForward: layer.feedForward(),
    ffnNorm: layer.norm('post_ffw_norm'),
  }));
  const outputNorm = tensors.outputNorm();
  return (step) => {
    step.embed();
    for (const layer of layers) {
      step.attention(layer.attention, step.hidden, { postNorm: layer.attnNorm });
      step.feedForward(layer.feedForward, step.hidden, { postNorm: layer.ffnNorm });
    }
    step.head(outputNorm);
  };
}

export const olmo2: Family = {
  architecture: 'olmo2',
  models: 'OLMo 2',
  config(keys) {
    keys.demand(!keys.has('attention.sliding_window'), 'a sliding window (OLMo 3)');
    return { ...readCommonConfig(keys), rotateHalves: true };
  },
  plan: (tensors) => postNorm(tensors, { qkNorm: 'row' }),
};

/** OLMoE (https://arxiv.org/abs/2409.02060): the norms of a row's queries and keys, but blocks as in Llama, and experts. */
export const olmoe: Family = {
  architecture: 'olmoe',
  models: 'OLMoE 1B-7B',
  config(keys) {
    const experts = readExperts(keys, { normalised: false });
    return { ...readCommonConfig(keys, { experts: () => experts }), ffnSize: 0, rotateHalves: true };
  },
  plan: (tensors) => preNormExperts(tensors, { qkNorm: 'row' }),
};
