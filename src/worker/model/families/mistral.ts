/**
 * Ministral 3 (https://huggingface.co/docs/transformers/model_doc/ministral3): Llama with YaRN, and queries that grow with the
 * logarithm of the position.
 */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';
import { preNorm } from './llama.ts';

export const mistral3: Family = {
  architecture: 'mistral3',
  models: 'Ministral 3',
  config(keys) {
    const common = readCommonConfig(keys);
    const scale = keys.option('attention.temperature_scale', 0);
    if (scale === 0) return common;
    const length = keys.option('rope.scaling.original_context_length', common.contextLength);
    return { ...common, queryGrowth: { scale, originalContextLength: length } };
  },
  plan: (tensors) => preNorm(tensors),
};
