/**
 * DeepSeek 2 and 3 (https://arxiv.org/abs/2405.04434): latent attention and, behind the first layers, a mixture of experts with a
 * shared one. Queries are taken into the space of latents, so that the cache holds latents and no key is ever unpacked.
 */
import { readCommonConfig, type ModelConfig, type ModelKeys } from '../config.ts';
import { readExperts } from '../experts-config.ts';
import type { Family } from './family.ts';

/**
 * YaRN as its models have it: scores grow with the square of 1 + k ln(factor), k being what the file calls
 * `yarn_log_multiplier`, and rotations keep their length (https://github.com/ggml-org/llama.cpp/pull/17945).
 */
function withYarn(keys: ModelKeys, config: ModelConfig): ModelConfig {
  const [rope, ...others] = config.ropes;
  if (rope.scaling.kind !== 'yarn') return config;
  const growth = 1 + keys.option('rope.scaling.yarn_log_multiplier', 0) * Math.log(rope.scaling.factor);
  return {
    ...config,
    attentionScale: config.attentionScale * growth ** 2,
    ropes: [{ ...rope, scaling: { ...rope.scaling, logMultiplier: 1 } }, ...others],
  };
}

export const deepseek2: Family = {
  architecture: 'deepseek2',
  models: 'DeepSeek V2 (and Lite) and V3',
  config(keys) {
    keys.demand(
      keys.has('attention.key_length_mla'),
      'keys and values in one matrix (it was converted before April 2025)',
    );
    const ropeDim = keys.positive('rope.dimension_count');
    const keyDim = keys.positive('attention.key_length_mla');
    const latent = {
      queryRank: keys.option('attention.q_lora_rank', 0),
      rank: keys.positive('attention.kv_lora_rank'),
      plainDim: keyDim - ropeDim,
      ropeDim,
      valueDim: keys.positive('attention.value_length_mla'),
    };
    const { queryRank, rank, plainDim, valueDim } = latent;
    const numHeads = keys.positive('attention.head_count');
    // What is written head by head is read row by row, and in fours.
    const whole = [rank + ropeDim, valueDim].every((width) => (numHeads * width) % 32 === 0);
    const inFours = [queryRank, rank, plainDim, ropeDim, valueDim].every((width) => width % 4 === 0);
    keys.demand(whole && inFours, 'heads or latents of lengths that the kernels have no layout for');
    const ffnSize = keys.positive('expert_feed_forward_length');
    const experts = readExperts(keys, { sharedFfnSize: ffnSize * keys.option('expert_shared_count', 0) });
    const common = readCommonConfig(keys, { experts: () => experts, latent });
    return withYarn(keys, { ...common, attentionScale: 1 / Math.sqrt(keyDim) });
  },
  plan(tensors) {
    const numDense = tensors.config.experts?.numDenseLayers ?? 0;
    const layers = tensors.layers((layer) => ({
      attnNorm: layer.norm('attn_norm'),
      attention: layer.latentAttention(),
      ffnNorm: layer.norm('ffn_norm'),
      mlp: layer.index < numDense ? layer.feedForward() : layer.experts(),
    }));
    const outputNorm = tensors.outputNorm();
    return (step) => {
      step.embed();
      for (const { attnNorm, attention, ffnNorm, mlp } of layers) {
        step.latentAttention(attention, step.norm(attnNorm, { apart: true }));
        if ('router' in mlp) step.experts(mlp, step.norm(ffnNorm, { apart: true }));
        else step.feedForward(mlp, step.norm(ffnNorm));
      }
      step.head(outputNorm);
    };
  },
};
