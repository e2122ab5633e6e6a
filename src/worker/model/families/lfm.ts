/**
 * LFM 2 (https://arxiv.org/abs/2511.23404): gated short convolutions in most layers, attention with normed queries and keys in
 * the others; a feed-forward behind both.
 */
import { readCommonConfig, type CommonOptions, type ModelConfig, type ModelKeys } from '../config.ts';
import type { DecoderTensors, Forward } from '../decoder-tensors.ts';
import { readExperts } from '../experts-config.ts';
import { withStates } from '../recurrent/config.ts';
import type { Family } from './family.ts';
import { hybrid } from './hybrid.ts';
import { readTaps } from './mamba.ts';

function read(keys: ModelKeys, options: CommonOptions = {}): ModelConfig {
  const common = readCommonConfig(keys, { hasStates: true, ...options });
  const taps = readTaps(keys, 'shortconv.l_cache');
  return { ...common, rotateHalves: true, ...withStates({ kind: 'shortConv', channels: common.hiddenSize, taps }) };
}

const plan = (tensors: DecoderTensors): Forward => hybrid(tensors, { qkNorm: 'head', outputNorm: 'token_embd_norm' });

export const lfm2: Family = {
  architecture: 'lfm2',
  models: 'LFM 2 and 2.5 (dense)',
  config: (keys) => read(keys),
  plan,
};

/** Experts behind the first layers, chosen by sigmoids with a bias and weighed by sigmoids alone, which are divided by their sum. */
export const lfm2moe: Family = {
  architecture: 'lfm2moe',
  models: 'LFM 2 8B-A1B and other mixtures of experts of LFM 2',
  config: (keys) => read(keys, { experts: (own) => readExperts(own, { gating: 'sigmoid', normalised: true }) }),
  plan,
};
