/** GPT-2 (https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf): learned positions, layer norms, biases, GELU. */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';
import { preNorm } from './llama.ts';

export const gpt2: Family = {
  architecture: 'gpt2',
  models: 'GPT-2',
  config(keys) {
    const common = readCommonConfig(keys, { normEpsKey: 'attention.layer_norm_epsilon' });
    return { ...common, activation: 'gelu', layers: common.layers.map((layer) => ({ ...layer, rope: undefined })) };
  },
  plan: (tensors) => preNorm(tensors, { norm: 'layer', feedForward: 'plain', added: [tensors.positions()] }),
};
