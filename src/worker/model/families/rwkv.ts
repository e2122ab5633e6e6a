/**
 * RWKV 7 (https://arxiv.org/abs/2503.14456): in every layer a time mix, whose state is a matrix a head, and a channel mix, a
 * feed-forward of squared ReLU; both see each token mixed with the one before. Layer norms, the first of them right behind the
 * embedding.
 */
import { readStateOnlyConfig, type ModelKeys } from '../config.ts';
import { withStates, type WkvConfig } from '../recurrent/config.ts';
import type { Family } from './family.ts';

/** A norm cannot write what it reads. */
const EMBEDDED = 'embedded';

/** @throws UnsupportedArchitecture for sizes that the kernels do not have */
function readWkv(keys: ModelKeys, channels: number): WkvConfig {
  const headSize = keys.positive('wkv.head_size');
  const fits = channels % headSize === 0 && headSize % 4 === 0 && headSize <= 256;
  keys.demand(fits, `heads of ${String(headSize)} of ${String(channels)} elements`);
  const rank = (name: string) => {
    const size = keys.positive(`attention.${name}_lora_rank`);
    keys.demand(size % 4 === 0, `a projection of rank ${String(size)}`);
    return size;
  };
  const ranks = {
    decay: rank('decay'),
    rate: rank('iclr'),
    residual: rank('value_residual_mix'),
    gate: rank('gate'),
  };
  return { kind: 'wkv', channels, headSize, ranks };
}

export const rwkv7: Family = {
  architecture: 'rwkv7',
  models: 'RWKV 7 World and G1 (0.1B to 13.3B)',
  config(keys) {
    const common = readStateOnlyConfig(keys, 'attention.layer_norm_epsilon');
    const ffnSize = keys.positive('feed_forward_length');
    const { recurrent, buffers } = withStates(readWkv(keys, common.hiddenSize));
    return {
      ...common,
      activation: 'relu2',
      layers: common.layers.map((layer) => ({ ...layer, ffnSize })),
      recurrent,
      buffers: { ...buffers, [EMBEDDED]: { width: common.hiddenSize } },
    };
  },
  plan(tensors) {
    const embeddingNorm = tensors.embeddingNorm('layer');
    const layers = tensors.layers((layer) => ({
      norm: layer.norm('attn_norm', 'layer'),
      timeMix: layer.mixer(),
      channelNorm: layer.norm('attn_norm_2', 'layer'),
      shift: layer.channelShift(),
      channelMix: layer.plainFeedForward({ up: 'channel_mix_key', down: 'channel_mix_value' }),
    }));
    const outputNorm = tensors.outputNorm('layer');
    return (step) => {
      step.embed([], EMBEDDED);
      step.norm(embeddingNorm, { from: EMBEDDED, into: 'hidden' });
      for (const { norm, timeMix, channelNorm, shift, channelMix } of layers) {
        step.mix(timeMix, step.norm(norm));
        step.feedForward(channelMix, step.shift(shift, step.norm(channelNorm)));
      }
      step.head(outputNorm);
    };
  },
};
