/**
 * Qwen 3 Next and 3.5 (https://qwenlm.github.io), also with experts and a shared one that has a gate: gated delta nets (https://arxiv.org/abs/2412.06464), and in every fourth layer attention
 * whose results have gates. Its rotation in three sections is that of text, where all positions of a token are one.
 */
import { NO_CACHE, readCommonConfig, type CommonOptions, type ModelConfig, type ModelKeys } from '../config.ts';
import type { DecoderTensors, Forward } from '../decoder-tensors.ts';
import { readExperts } from '../experts-config.ts';
import { withStates, type DeltaNetConfig } from '../recurrent/config.ts';
import type { Family } from './family.ts';
import { hybrid } from './hybrid.ts';
import { readTaps } from './mamba.ts';

function readDeltaNet(keys: ModelKeys, pairing: DeltaNetConfig['pairing']): DeltaNetConfig {
  const headSize = keys.positive('ssm.state_size');
  const [numKeyHeads, numValueHeads] = [keys.positive('ssm.group_count'), keys.positive('ssm.time_step_rank')];
  const innerSize = keys.positive('ssm.inner_size');
  keys.demand(headSize % 4 === 0 && headSize <= 256, `heads of ${String(headSize)} elements in its delta nets`);
  const fits = innerSize === headSize * numValueHeads && numValueHeads % numKeyHeads === 0;
  keys.demand(fits, `delta nets of ${String(numKeyHeads)} and ${String(numValueHeads)} heads in ${String(innerSize)}`);
  return { kind: 'deltaNet', taps: readTaps(keys), headSize, numKeyHeads, numValueHeads, pairing };
}

function read(keys: ModelKeys, pairing: DeltaNetConfig['pairing'], options: CommonOptions = {}): ModelConfig {
  const common = readCommonConfig(keys, options);
  const interval = keys.option('full_attention_interval', 4);
  return {
    ...common,
    rotateHalves: true,
    attentionGates: true,
    layers: common.layers.map((layer, i) =>
      (i + 1) % interval === 0 ? layer : { ...layer, cache: NO_CACHE, hasState: true },
    ),
    ...withStates(readDeltaNet(keys, pairing)),
  };
}

const plan = (tensors: DecoderTensors): Forward => hybrid(tensors, { qkNorm: 'head', ffnNorm: 'post_attention_norm' });

const WITH_EXPERTS: CommonOptions = { experts: (keys) => readExperts(keys, { normalised: true }) };

export const qwen35: Family = {
  architecture: 'qwen35',
  models: 'Qwen 3.5 (dense)',
  config: (keys) => read(keys, 'interleaved'),
  plan,
};

export const qwen35moe: Family = {
  architecture: 'qwen35moe',
  models: 'Qwen 3.5 35B-A3B and other mixtures of experts of Qwen 3.5',
  config: (keys) => read(keys, 'interleaved', WITH_EXPERTS),
  plan,
};

export const qwen3next: Family = {
  architecture: 'qwen3next',
  models: 'Qwen 3 Next 80B-A3B',
  config: (keys) => read(keys, 'neighbours', WITH_EXPERTS),
  plan,
};
