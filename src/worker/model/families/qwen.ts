/** Qwen 2 (biases of q, k and v; https://arxiv.org/abs/2407.10671) and 3 (queries and keys normed; https://arxiv.org/abs/2505.09388). */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';
import { preNorm } from './llama.ts';

export const qwen2: Family = {
  architecture: 'qwen2',
  models: 'Qwen 2 and 2.5, DeepSeek-R1-Distill-Qwen',
  config: (keys) => ({ ...readCommonConfig(keys), rotateHalves: true }),
  plan: (tensors) => preNorm(tensors),
};

export const qwen3: Family = {
  architecture: 'qwen3',
  models: 'Qwen 3 (dense)',
  config: (keys) => ({ ...readCommonConfig(keys), rotateHalves: true }),
  plan: (tensors) => preNorm(tensors, { qkNorm: 'head' }),
};
