/**
 * LFM 2 (https://arxiv.org/abs/2511.23404): gated short convolutions in most layers, attention with normed queries and keys in
 * the others; a feed-forward behind both.
 */
import { readCommonConfig } from '../config.ts';
import type { DecoderTensors, Forward } from '../decoder-tensors.ts';
import { withStates } from '../recurrent/config.ts';
import type { Family } from './family.ts';
import { hybrid } from './hybrid.ts';
import { readTaps } from './mamba.ts';

export const lfm2: Family = {
  architecture: 'lfm2',
  models: 'LFM 2 and 2.5 (dense)',
  config(keys) {
    const common = readCommonConfig(keys, { hasStates: true });
    const taps = readTaps(keys, 'shortconv.l_cache');
    return { ...common, rotateHalves: true, ...withStates({ kind: 'shortConv', channels: common.hiddenSize, taps }) };
  },
  plan: (tensors: DecoderTensors): Forward => hybrid(tensors, { qkNorm: 'head', outputNorm: 'token_embd_norm' }),
};
