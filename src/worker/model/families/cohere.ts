/**
 * Command R7B (https://arxiv.org/abs/2504.00698): one layer norm before attention and feed-forward, which both start from it;
 * windows in three of four layers, and no rotation in the fourth.
 */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';

export const cohere2: Family = {
  architecture: 'cohere2',
  models: 'Command R7B, Command A',
  config(keys) {
    const common = readCommonConfig(keys, { normEpsKey: 'attention.layer_norm_epsilon' });
    const window = keys.positive('attention.sliding_window');
    return {
      ...common,
      layers: common.layers.map((layer, i) => (i % 4 < 3 ? { ...layer, window } : { ...layer, rope: undefined })),
      logitScale: keys.require('logit_scale'),
    };
  },
  plan(tensors) {
    const layers = tensors.layers((layer) => ({
      norm: layer.norm('attn_norm', 'layer'),
      attention: layer.attention(),
      feedForward: layer.feedForward(),
    }));
    const outputNorm = tensors.outputNorm('layer');
    return (step) => {
      step.embed();
      for (const layer of layers) {
        const input = step.norm(layer.norm);
        step.attention(layer.attention, input);
        step.feedForward(layer.feedForward, input);
      }
      step.head(outputNorm);
    };
  },
};
