/** Falcon H1 (https://arxiv.org/abs/2507.22448): in every layer attention and Mamba 2 side by side, of one norm. */
import { readCommonConfig } from '../config.ts';
import { withStates } from '../recurrent/config.ts';
import type { Family } from './family.ts';
import { readHeadScan } from './mamba.ts';

/** The norm that both take; the first of them adds to what it was taken of. */
const ASIDE = 'aside';

export const falconH1: Family = {
  architecture: 'falcon-h1',
  models: 'Falcon H1',
  config(keys) {
    const common = readCommonConfig(keys);
    const { recurrent, buffers } = withStates(readHeadScan(keys));
    return {
      ...common,
      rotateHalves: true,
      layers: common.layers.map((layer) => ({ ...layer, hasState: true })),
      recurrent,
      buffers: { ...buffers, [ASIDE]: { width: common.hiddenSize } },
    };
  },
  plan(tensors) {
    const layers = tensors.layers((layer) => ({
      norm: layer.norm('attn_norm'),
      attention: layer.attention(),
      mixer: layer.mixer(),
      ffnNorm: layer.norm('ffn_norm'),
      feedForward: layer.feedForward(),
    }));
    const outputNorm = tensors.outputNorm();
    return (step) => {
      step.embed();
      for (const { norm, attention, mixer, ffnNorm, feedForward } of layers) {
        const input = step.norm(norm, { into: ASIDE });
        step.attention(attention, input);
        step.mix(mixer, input);
        step.feedForward(feedForward, step.norm(ffnNorm));
      }
      step.head(outputNorm);
    };
  },
};
