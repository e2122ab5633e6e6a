/** Mamba (https://arxiv.org/abs/2312.00752) and Mamba 2 (https://arxiv.org/abs/2405.21060): blocks with a state and nothing else. */
import { readStateOnlyConfig, type ModelKeys } from '../config.ts';
import type { DecoderTensors, Forward } from '../decoder-tensors.ts';
import { withStates, type ChannelScanConfig, type HeadScanConfig } from '../recurrent/config.ts';
import type { Family } from './family.ts';

/** @throws UnsupportedArchitecture for sizes that the kernels do not have */
export function readTaps(keys: ModelKeys, name = 'ssm.conv_kernel'): number {
  const taps = keys.positive(name);
  keys.demand(taps >= 2 && taps <= 8, `convolutions of ${String(taps)} tokens`);
  return taps;
}

function readStateSize(keys: ModelKeys): number {
  const stateSize = keys.positive('ssm.state_size');
  keys.demand(stateSize % 4 === 0 && stateSize <= 256, `a state of ${String(stateSize)} elements a channel`);
  return stateSize;
}

export function readHeadScan(keys: ModelKeys): HeadScanConfig {
  const innerSize = keys.positive('ssm.inner_size');
  const numHeads = keys.positive('ssm.time_step_rank');
  const numGroups = keys.option('ssm.group_count', 1);
  const divides = innerSize % numHeads === 0 && numHeads % numGroups === 0 && innerSize % (4 * numGroups) === 0;
  const sizes = `${String(innerSize)} channels, ${String(numHeads)} heads and ${String(numGroups)} groups`;
  keys.demand(divides, sizes);
  const stateSize = readStateSize(keys);
  return { kind: 'headScan', taps: readTaps(keys), innerSize, stateSize, numHeads, numGroups };
}

export function readChannelScan(keys: ModelKeys): ChannelScanConfig {
  const [innerSize, rank] = [keys.positive('ssm.inner_size'), keys.positive('ssm.time_step_rank')];
  keys.demand(innerSize % 4 === 0 && rank % 4 === 0, `${String(innerSize)} channels and ${String(rank)} ranks`);
  return { kind: 'channelScan', taps: readTaps(keys), innerSize, stateSize: readStateSize(keys), rank };
}

function plan(tensors: DecoderTensors): Forward {
  const layers = tensors.layers((layer) => ({ norm: layer.norm('attn_norm'), mixer: layer.mixer() }));
  const outputNorm = tensors.outputNorm();
  return (step) => {
    step.embed();
    for (const { norm, mixer } of layers) step.mix(mixer, step.norm(norm));
    step.head(outputNorm);
  };
}

export const mamba: Family = {
  architecture: 'mamba',
  models: 'Mamba 130M to 2.8B',
  config(keys) {
    const normed = keys.metadata.boolean(keys.key('ssm.dt_b_c_rms')) ?? false;
    keys.demand(!normed, 'norms without weights of step sizes, B and C (FalconMamba)');
    return { ...readStateOnlyConfig(keys), ...withStates(readChannelScan(keys)) };
  },
  plan,
};

export const mamba2: Family = {
  architecture: 'mamba2',
  models: 'Mamba 2, Codestral Mamba',
  config: (keys) => ({ ...readStateOnlyConfig(keys), ...withStates(readHeadScan(keys)) }),
  plan,
};
