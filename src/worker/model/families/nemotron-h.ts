/**
 * Nemotron H (https://arxiv.org/abs/2504.03624): every layer is one block, Mamba 2, attention without rotation, or a feed-forward of
 * squared ReLU, which one, the numbers of its key-value heads and the width of its feed-forward say.
 */
import { NO_CACHE, readCommonConfig } from '../config.ts';
import { withStates } from '../recurrent/config.ts';
import type { Family } from './family.ts';
import { readHeadScan } from './mamba.ts';

export const nemotronH: Family = {
  architecture: 'nemotron_h',
  models: 'Nemotron H, Nemotron Nano 2',
  config(keys) {
    const common = readCommonConfig(keys, { hasStates: true });
    const layers = common.layers.map((layer) => ({ ...layer, rope: undefined, hasState: isMixer(layer) }));
    return { ...common, activation: 'relu2', layers, ...withStates(readHeadScan(keys)) };
  },
  plan(tensors) {
    const layers = tensors.layers((layer) => {
      const norm = layer.norm('attn_norm');
      if (isMixer(layer.config)) return { norm, kind: 'mixer', block: layer.mixer() } as const;
      return layer.config.cache === NO_CACHE
        ? ({ norm, kind: 'feedForward', block: layer.plainFeedForward() } as const)
        : ({ norm, kind: 'attention', block: layer.attention() } as const);
    });
    const outputNorm = tensors.outputNorm();
    return (step) => {
      step.embed();
      for (const layer of layers) {
        const input = step.norm(layer.norm);
        if (layer.kind === 'mixer') step.mix(layer.block, input);
        else if (layer.kind === 'attention') step.attention(layer.block, input);
        else step.feedForward(layer.block, input);
      }
      step.head(outputNorm);
    };
  },
};

function isMixer({ cache, ffnSize }: { readonly cache: number; readonly ffnSize: number }): boolean {
  return cache === NO_CACHE && ffnSize === 0;
}
