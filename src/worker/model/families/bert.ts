/**
 * BERT (https://arxiv.org/abs/1810.04805) and Nomic Embed (https://arxiv.org/abs/2402.01613): encoders with a layer norm behind
 * every sum of the residual stream, learned positions or rotation, GELU or a gate by SiLU.
 */
import { readEncoderConfig } from '../config.ts';
import type { DecoderTensors, Forward, LayerTensors } from '../decoder-tensors.ts';
import type { Family } from './family.ts';

/** Sums and norms take turns between the residual stream and this buffer: a norm cannot write what it reads. */
const NORMED = 'residual';

interface BertOptions {
  readonly hasPositions: boolean;
  readonly feedForward: (layer: LayerTensors) => ReturnType<LayerTensors['feedForward']>;
}

function planBert(tensors: DecoderTensors, { hasPositions, feedForward }: BertOptions): Forward {
  const added = [...tensors.firstTokenType(), ...(hasPositions ? [tensors.positions()] : [])];
  const embeddingNorm = tensors.embeddingNorm('layer');
  const layers = tensors.layers((layer) => ({
    attention: layer.attention(),
    attnNorm: layer.norm('attn_output_norm', 'layer'),
    feedForward: feedForward(layer),
    outputNorm: layer.norm('layer_output_norm', 'layer'),
  }));
  return (step) => {
    step.embed(added);
    step.norm(embeddingNorm, { into: NORMED });
    for (const layer of layers) {
      step.attention(layer.attention, step.rows(NORMED), { residual: NORMED });
      step.norm(layer.attnNorm, { from: NORMED, into: 'hidden' });
      step.feedForward(layer.feedForward, step.hidden);
      step.norm(layer.outputNorm, { into: NORMED });
    }
    step.pool(NORMED);
  };
}

export const bert: Family = {
  architecture: 'bert',
  models: 'BERT, BGE, E5, GTE, MiniLM (embeddings)',
  config(keys) {
    const common = readEncoderConfig(keys);
    return {
      ...common,
      activation: 'gelu',
      layers: common.layers.map((layer) => ({ ...layer, rope: undefined })),
      buffers: { [NORMED]: { width: common.hiddenSize } },
    };
  },
  plan: (tensors) => planBert(tensors, { hasPositions: true, feedForward: (layer) => layer.plainFeedForward() }),
};

export const nomicBert: Family = {
  architecture: 'nomic-bert',
  models: 'Nomic Embed 1 and 1.5 (embeddings)',
  config(keys) {
    const common = readEncoderConfig(keys);
    return { ...common, buffers: { [NORMED]: { width: common.hiddenSize } } };
  },
  plan: (tensors) => planBert(tensors, { hasPositions: false, feedForward: (layer) => layer.feedForward() }),
};
