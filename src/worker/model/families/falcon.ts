/**
 * Falcon (https://arxiv.org/abs/2311.16867) and Phi 2: attention and feed-forward start from the same rows of the residual
 * stream. The larger Falcons have a layer norm for each of them.
 */
import { readCommonConfig, type ModelConfig, type ModelKeys } from '../config.ts';
import type { DecoderTensors, Forward } from '../decoder-tensors.ts';
import type { Family } from './family.ts';

/** Where the input of the feed-forward waits while attention changes the residual stream. */
const ASIDE = 'ffn.input';

function readParallel(keys: ModelKeys): ModelConfig {
  const common = readCommonConfig(keys, { normEpsKey: 'attention.layer_norm_epsilon' });
  return {
    ...common,
    rotateHalves: true,
    activation: 'gelu',
    buffers: { [ASIDE]: { width: common.hiddenSize } },
  };
}

function parallel(tensors: DecoderTensors): Forward {
  const layers = tensors.layers((layer) => ({
    norm: layer.norm('attn_norm', 'layer'),
    attnNorm: layer.has('attn_norm_2.weight') ? layer.norm('attn_norm_2', 'layer') : undefined,
    attention: layer.attention(),
    feedForward: layer.plainFeedForward(),
  }));
  const outputNorm = tensors.outputNorm('layer');
  const bias = tensors.outputBias();
  return (step) => {
    step.embed();
    for (const layer of layers) {
      const input = step.norm(layer.norm, { into: ASIDE });
      step.attention(layer.attention, layer.attnNorm === undefined ? input : step.norm(layer.attnNorm));
      step.feedForward(layer.feedForward, input);
    }
    step.head(outputNorm, { bias });
  };
}

export const falcon: Family = {
  architecture: 'falcon',
  models: 'Falcon 7B, 40B and 180B',
  config: readParallel,
  plan: parallel,
};

export const phi2: Family = {
  architecture: 'phi2',
  models: 'Phi 1, 1.5 and 2',
  config: readParallel,
  plan: parallel,
};
