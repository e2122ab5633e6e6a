/** StableLM (https://arxiv.org/abs/2402.17834): Llama with layer norms, and a quarter of a head rotated. */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';
import { preNorm } from './llama.ts';

export const stablelm: Family = {
  architecture: 'stablelm',
  models: 'StableLM 2 1.6B, StableLM 3B',
  config: (keys) => ({ ...readCommonConfig(keys, { normEpsKey: 'attention.layer_norm_epsilon' }), rotateHalves: true }),
  plan: (tensors) => preNorm(tensors, { norm: 'layer' }),
};
