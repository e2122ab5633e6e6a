/**
 * gpt-oss (https://arxiv.org/abs/2508.10925): every layer a mixture of experts with biases and a clamped gate; biases in
 * attention too, a sink in every head, and windows in every other layer.
 */
import { readCommonConfig } from '../config.ts';
import { readExperts } from '../experts-config.ts';
import type { Family } from './family.ts';
import { preNormExperts } from './llama.ts';

export const gptOss: Family = {
  architecture: 'gpt-oss',
  models: 'gpt-oss 20B and 120B',
  config(keys) {
    const experts = readExperts(keys, { normalised: true });
    const common = readCommonConfig(keys, { experts: () => experts });
    const window = keys.positive('attention.sliding_window');
    return {
      ...common,
      ffnSize: 0,
      rotateHalves: true,
      activation: 'swiglu_oai',
      layers: common.layers.map((layer, i) => (i % 2 === 0 ? { ...layer, window } : layer)),
    };
  },
  plan: (tensors) => preNormExperts(tensors, { ffnNorm: 'post_attention_norm' }),
};
