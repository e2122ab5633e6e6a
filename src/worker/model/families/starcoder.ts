/** StarCoder 2 (https://arxiv.org/abs/2402.19173): Llama with layer norms, biases, and GELU without a gate. */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';
import { preNorm } from './llama.ts';

export const starcoder2: Family = {
  architecture: 'starcoder2',
  models: 'StarCoder 2',
  config: (keys) => ({
    ...readCommonConfig(keys, { normEpsKey: 'attention.layer_norm_epsilon' }),
    rotateHalves: true,
    activation: 'gelu',
  }),
  plan: (tensors) => preNorm(tensors, { norm: 'layer', feedForward: 'plain' }),
};
