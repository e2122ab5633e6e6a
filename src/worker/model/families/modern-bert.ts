/**
 * ModernBERT (https://arxiv.org/abs/2412.13663): an encoder with layer norms before the blocks, but for the first, whose input is
 * the normed embedding; windows in two of three layers, with a rotary base of their own.
 */
import { readEncoderConfig } from '../config.ts';
import { windowsOfEncoder } from '../encoder-windows.ts';
import type { Family } from './family.ts';

const RESIDUAL = 'residual';
const FINAL = 'final';

export const modernBert: Family = {
  architecture: 'modern-bert',
  models: 'ModernBERT, Granite Embedding R2 (embeddings)',
  config(keys) {
    const common = readEncoderConfig(keys);
    const period = keys.option('attention.sliding_window_pattern', 3);
    const { hiddenSize: width } = common;
    return {
      ...windowsOfEncoder(keys, common, (i) => i % period !== 0),
      activation: 'gelu',
      buffers: { [RESIDUAL]: { width }, [FINAL]: { width } },
    };
  },
  plan(tensors) {
    const embeddingNorm = tensors.embeddingNorm('layer');
    const layers = tensors.layers((layer) => ({
      attnNorm: layer.has('attn_norm.weight') ? layer.norm('attn_norm', 'layer') : undefined,
      attention: layer.attention(),
      ffnNorm: layer.norm('ffn_norm', 'layer'),
      feedForward: layer.feedForward(),
    }));
    const outputNorm = tensors.outputNorm('layer');
    const options = { residual: RESIDUAL } as const;
    return (step) => {
      step.embed();
      step.norm(embeddingNorm, { into: RESIDUAL });
      for (const { attnNorm, attention, ffnNorm, feedForward } of layers) {
        const input = attnNorm === undefined ? step.rows(RESIDUAL) : step.norm(attnNorm, { from: RESIDUAL });
        step.attention(attention, input, options);
        step.feedForward(feedForward, step.norm(ffnNorm, { from: RESIDUAL }), options);
      }
      step.norm(outputNorm, { from: RESIDUAL, into: FINAL });
      step.pool(FINAL);
    };
  },
};
