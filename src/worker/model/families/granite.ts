/**
 * Granite 3 and 4 (dense, 3 with experts, 4 also with Mamba 2 in most layers) and MiniCPM: Llama with multipliers (https://arxiv.org/abs/2404.06395): of the embedding, of what a
 * block adds to the residual stream, of scores, and of the logits.
 */
import { readCommonConfig, type ModelConfig, type ModelKeys } from '../config.ts';
import { readExperts } from '../experts-config.ts';
import { withStates } from '../recurrent/config.ts';
import type { Family } from './family.ts';
import { hybrid } from './hybrid.ts';
import { preNorm, preNormExperts } from './llama.ts';
import { readHeadScan } from './mamba.ts';

/**
 * The residual stream is kept divided by the multiplier of the blocks, which then add what they compute: h + r f(norm(h)) is
 * r (h/r + f(norm(h))). A norm takes no notice of r but in its epsilon.
 */
function withMultipliers(keys: ModelKeys, common: ModelConfig): ModelConfig {
  const residualScale = keys.option('residual_scale', 1) || 1;
  return {
    ...common,
    embeddingScale: (keys.option('embedding_scale', 1) || 1) / residualScale,
    normEps: common.normEps / residualScale ** 2,
    logitScale: 1 / (keys.option('logit_scale', 1) || 1),
  };
}

function readGranite(keys: ModelKeys, common: ModelConfig): ModelConfig {
  const config = withMultipliers(keys, common);
  const isRotated = keys.metadata.boolean(keys.key('rope.scaling.finetuned')) ?? true;
  return isRotated ? config : { ...config, layers: config.layers.map((layer) => ({ ...layer, rope: undefined })) };
}

export const granite: Family = {
  architecture: 'granite',
  models: 'Granite 3 and 4 (dense)',
  config: (keys) => readGranite(keys, readCommonConfig(keys)),
  plan: (tensors) => preNorm(tensors),
};

export const graniteMoe: Family = {
  architecture: 'granitemoe',
  models: 'Granite 3 with experts (1B-A400M, 3B-A800M)',
  config(keys) {
    const experts = readExperts(keys, { normalised: true });
    return {
      ...readGranite(keys, readCommonConfig(keys, { experts: () => experts })),
      ffnSize: 0,
    };
  },
  plan: (tensors) => preNormExperts(tensors),
};

export const graniteHybrid: Family = {
  architecture: 'granitehybrid',
  models: 'Granite 4 H, also with experts (Tiny, Small)',
  config: (keys) => ({
    ...readGranite(
      keys,
      readCommonConfig(keys, { hasStates: true, experts: (own) => readExperts(own, { normalised: true }) }),
    ),
    ...withStates(readHeadScan(keys)),
  }),
  plan: (tensors) => hybrid(tensors),
};

export const minicpm: Family = {
  architecture: 'minicpm',
  models: 'MiniCPM 1 and 2',
  config(keys) {
    const known = ['embedding_scale', 'residual_scale', 'logit_scale'].every((name) => keys.has(name));
    keys.demand(known, 'no keys for its multipliers (it was converted by an old program)');
    return withMultipliers(keys, readCommonConfig(keys));
  },
  plan: (tensors) => preNorm(tensors),
};
