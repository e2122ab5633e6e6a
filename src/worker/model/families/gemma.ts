/**
 * Gemma (https://arxiv.org/abs/2403.08295): Llama with GELU and an embedding scaled by sqrt(hiddenSize). Gemma 2
 * (https://arxiv.org/abs/2408.00118) adds norms behind the blocks, windows in every other layer and soft caps; Gemma 3
 * (https://arxiv.org/abs/2503.19786) norms of queries and keys, and windows with rotary angles of their own, for the caps.
 * Weights of norms are in the file as they are multiplied, 1 added.
 */
import { readCommonConfig, readEncoderConfig, type ModelConfig, type ModelKeys } from '../config.ts';
import type { DecoderTensors, Forward } from '../decoder-tensors.ts';
import { windowsOfEncoder } from '../encoder-windows.ts';
import type { QkNormKind } from '../norm-ops.ts';
import type { Family } from './family.ts';
import { preNorm } from './llama.ts';

function readGemma(keys: ModelKeys): ModelConfig {
  const common = readCommonConfig(keys);
  return { ...common, rotateHalves: true, activation: 'gelu', embeddingScale: Math.sqrt(common.hiddenSize) };
}

/** The largest Gemma 2 and 3 divide scores by sqrt(hiddenSize / numHeads), which no key says. */
function scaleOfScores(config: ModelConfig, layersOfLargest: number): number {
  const { numLayers, hiddenSize, numHeads, attentionScale } = config;
  return numLayers === layersOfLargest ? 1 / Math.sqrt(hiddenSize / numHeads) : attentionScale;
}

/** Norms before and behind every block. `pooledFrom`: of an encoder, the buffer of its last norm. */
export function sandwichNorm(
  tensors: DecoderTensors,
  options: { readonly qkNorm?: QkNormKind; readonly pooledFrom?: string } = {},
): Forward {
  const layers = tensors.layers((layer) => ({
    attnNorm: layer.norm('attn_norm'),
    attention: layer.attention(options),
    attnPostNorm: layer.norm('post_attention_norm'),
    ffnNorm: layer.norm('ffn_norm'),
    feedForward: layer.feedForward(),
    ffnPostNorm: layer.norm('post_ffw_norm'),
  }));
  const outputNorm = tensors.outputNorm();
  return (step) => {
    step.embed();
    for (const layer of layers) {
      step.attention(layer.attention, step.norm(layer.attnNorm), { postNorm: layer.attnPostNorm });
      step.feedForward(layer.feedForward, step.norm(layer.ffnNorm), { postNorm: layer.ffnPostNorm });
    }
    if (options.pooledFrom === undefined) {
      step.head(outputNorm);
    } else {
      step.norm(outputNorm, { into: options.pooledFrom });
      step.pool(options.pooledFrom);
    }
  };
}

export const gemma: Family = {
  architecture: 'gemma',
  models: 'Gemma 1',
  config: readGemma,
  plan: (tensors) => preNorm(tensors),
};

export const gemma2: Family = {
  architecture: 'gemma2',
  models: 'Gemma 2',
  config(keys) {
    const config = readGemma(keys);
    const window = keys.option('attention.sliding_window', 4096);
    return {
      ...config,
      layers: config.layers.map((layer, i) => (i % 2 === 0 ? { ...layer, window } : layer)),
      attentionScale: scaleOfScores(config, 46),
      attentionSoftcap: keys.option('attn_logit_softcapping', 50),
      logitSoftcap: keys.option('final_logit_softcapping', 30),
    };
  },
  plan: (tensors) => sandwichNorm(tensors),
};

export const gemma3: Family = {
  architecture: 'gemma3',
  models: 'Gemma 3 (text)',
  config(keys) {
    const config = readGemma(keys);
    const window = keys.positive('attention.sliding_window');
    const period = keys.option('attention.sliding_window_pattern', 6);
    const [rope] = config.ropes;
    const ropeOfWindows = {
      ...rope,
      theta: keys.option('rope.freq_base_swa', 10000),
      scaling: { kind: 'none' },
    } as const;
    return {
      ...config,
      ropes: [rope, ropeOfWindows],
      layers: config.layers.map((layer, i) => (i % period < period - 1 ? { ...layer, window, rope: 1 } : layer)),
      attentionScale: scaleOfScores(config, 62),
      logitSoftcap: keys.option('final_logit_softcapping', 0),
    };
  },
  plan: (tensors) => sandwichNorm(tensors, { qkNorm: 'head' }),
};

const FINAL = 'final';

/** EmbeddingGemma (https://arxiv.org/abs/2509.20354): Gemma 3 as an encoder, without its head. */
export const gemmaEmbedding: Family = {
  architecture: 'gemma-embedding',
  models: 'EmbeddingGemma (embeddings)',
  config(keys) {
    const common = readEncoderConfig(keys, 'attention.layer_norm_rms_epsilon');
    const period = keys.option('attention.sliding_window_pattern', 6);
    return {
      ...windowsOfEncoder(keys, common, (i) => i % period < period - 1),
      activation: 'gelu',
      embeddingScale: Math.sqrt(common.hiddenSize),
      buffers: { [FINAL]: { width: common.hiddenSize } },
    };
  },
  plan: (tensors) => sandwichNorm(tensors, { qkNorm: 'head', pooledFrom: FINAL }),
};
