/**
 * Qwen 2 (biases of q, k and v; https://arxiv.org/abs/2407.10671) and 3 (queries and keys normed; https://arxiv.org/abs/2505.09388),
 * and both with experts: Qwen 2's do not divide their weights by the sum, and share one expert.
 */
import { readCommonConfig, type ExpertsConfig, type ModelKeys } from '../config.ts';
import { readExperts } from '../experts-config.ts';
import type { Family } from './family.ts';
import { preNorm, preNormExperts } from './llama.ts';

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

/** Where no key says how wide an expert is, those that a token takes are together as wide as a dense feed-forward. */
function readQwenExperts(keys: ModelKeys, own: Partial<ExpertsConfig>): ExpertsConfig {
  const ffnSize = keys.option('feed_forward_length', 0) / keys.positive('expert_used_count');
  return readExperts(keys, { ffnSize, ...own });
}

export const qwen2moe: Family = {
  architecture: 'qwen2moe',
  models: 'Qwen 1.5 MoE and Qwen 2 57B-A14B',
  config(keys) {
    const sharedFfnSize = keys.option('feed_forward_length', 0);
    const experts = readQwenExperts(keys, { sharedFfnSize, normalised: false });
    return { ...readCommonConfig(keys, { experts: () => experts }), ffnSize: 0, rotateHalves: true };
  },
  plan: (tensors) => preNormExperts(tensors),
};

export const qwen3moe: Family = {
  architecture: 'qwen3moe',
  models: 'Qwen 3 30B-A3B and other mixtures of experts of Qwen 3',
  config(keys) {
    const experts = readQwenExperts(keys, { normalised: true });
    return { ...readCommonConfig(keys, { experts: () => experts }), ffnSize: 0, rotateHalves: true };
  },
  plan: (tensors) => preNormExperts(tensors, { qkNorm: 'head' }),
};
