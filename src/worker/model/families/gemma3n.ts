/**
 * Gemma 3n (https://ai.google.dev/gemma/docs/gemma-3n): Gemma 3 with four streams of which a layer computes with one (AltUp,
 * https://arxiv.org/abs/2301.13310), a low-rank path beside attention (Laurel, https://arxiv.org/abs/2411.07501), gates of which
 * the first layers keep the largest alone, per-layer embeddings, and layers that use the keys and values of earlier ones.
 */
import { ALTUP_STREAMS } from '../../../shaders/altup/altup.ts';
import { readCommonConfig } from '../config.ts';
import type { DecoderTensors, Forward, LayerTensors } from '../decoder-tensors.ts';
import {
  computePerLayerInputs,
  PER_LAYER_OUT,
  perLayerBlock,
  perLayerBuffers,
  planPerLayerBlock,
  planPerLayerInputs,
} from '../per-layer-inputs.ts';
import { windowedAndShared } from '../shared-kv.ts';
import type { Family } from './family.ts';

const STREAMS = 'streams';
const PREDICTED = 'predicted';
const COEFFICIENTS = 'coefficients';
const LOW_RANK = 'laurel.low';
const LAUREL = 'laurel';
/** Where a product waits that goes somewhere by way of its norm or length. */
const SIDE = PER_LAYER_OUT;

/** No key says them; those of llama.cpp. */
const LAUREL_RANK = 64;
const LAYERS_WITH_CACHE = 20;

const streamOf = (i: number) => `${STREAMS}[${String(i)}]`;
const OTHERS = Array.from({ length: ALTUP_STREAMS - 1 }, (_, i) => i + 1);

export const gemma3n: Family = {
  architecture: 'gemma3n',
  models: 'Gemma 3n (text)',
  config(keys) {
    const common = readCommonConfig(keys);
    const { hiddenSize: width, numLayers } = common;
    const numStreams = keys.option('altup.num_inputs', ALTUP_STREAMS);
    keys.demand(numStreams === ALTUP_STREAMS, `${String(numStreams)} AltUp streams`);
    keys.demand(keys.option('altup.active_idx', 0) === 0, 'another active stream than the first');
    keys.demand(width % 4 === 0, `a hidden size of ${String(width)}`);
    const [rope] = common.ropes;
    const ropeOfWindows = {
      ...rope,
      theta: keys.option('rope.freq_base_swa', 10000),
      scaling: { kind: 'none' },
    } as const;
    const numShared = keys.option('attention.shared_kv_layers', numLayers - LAYERS_WITH_CACHE);
    return {
      ...common,
      rotateHalves: true,
      activation: 'gelu',
      embeddingScale: Math.sqrt(width),
      attentionScale: 1,
      logitSoftcap: keys.option('final_logit_softcapping', 30),
      ropes: [rope, ropeOfWindows],
      layers: windowedAndShared(keys, common, numShared),
      gateSparsity: keys.perLayer('activation_sparsity_scale', numLayers),
      buffers: {
        ...perLayerBuffers(keys.positive('embedding_length_per_layer_input'), common),
        [STREAMS]: { width, parts: ALTUP_STREAMS },
        [PREDICTED]: { width, parts: ALTUP_STREAMS },
        [COEFFICIENTS]: { width: ALTUP_STREAMS ** 2 },
        [LOW_RANK]: { width: LAUREL_RANK },
        [LAUREL]: { width },
      },
    };
  },
  plan: planGemma3n,
};

function planLayer(layer: LayerTensors, hiddenSize: number) {
  return {
    altup: {
      norm: layer.vector('altup_router_norm', hiddenSize),
      router: layer.flat('altup_router', [hiddenSize, ALTUP_STREAMS]),
      predict: layer.flat('altup_predict_coef', [ALTUP_STREAMS, ALTUP_STREAMS ** 2]),
      correct: layer.flat('altup_correct_coef', [ALTUP_STREAMS, ALTUP_STREAMS]),
      scale: layer.vector('altup_correct_scale', hiddenSize),
    },
    laurel: {
      down: layer.matrix('laurel_l', hiddenSize, LAUREL_RANK),
      up: layer.matrix('laurel_r', LAUREL_RANK, hiddenSize),
      norm: layer.norm('laurel_post_norm'),
    },
    attnNorm: layer.norm('attn_norm'),
    attention: layer.attention({ qkNorm: 'head', valueNorm: true }),
    attnPostNorm: layer.norm('post_attention_norm'),
    ffnNorm: layer.norm('ffn_norm'),
    feedForward: layer.feedForward(),
    ffnPostNorm: layer.norm('post_ffw_norm'),
  };
}

function planGemma3n(tensors: DecoderTensors): Forward {
  const { config } = tensors;
  const { hiddenSize } = config;
  const streamMatrices = (name: string) => tensors.stackedMatrices(name, hiddenSize, hiddenSize, ALTUP_STREAMS - 1);
  const projections = streamMatrices('altup_proj');
  const unprojections = streamMatrices('altup_unembd_proj');
  const inputs = planPerLayerInputs(tensors);
  const layers = tensors.layers((layer) => ({
    ...planLayer(layer, hiddenSize),
    perLayer: planPerLayerBlock(layer, inputs, hiddenSize),
  }));
  const outputNorm = tensors.outputNorm();
  return (step) => {
    step.embed();
    computePerLayerInputs(step, inputs, config);
    // The first stream is the embedding, the others projections of it that are as long.
    step.apply({ op: 'matchLength', x: 'hidden', y: 'hidden', out: streamOf(0) });
    for (const [i, projection] of projections.entries()) {
      step.linear(projection, step.hidden, SIDE);
      step.apply({ op: 'matchLength', x: 'hidden', y: SIDE, out: streamOf(i + 1) });
    }
    for (const [i, { altup, laurel, perLayer, ...layer }] of layers.entries()) {
      const { norm, router, scale } = altup;
      const [streams, predicted, coefficients] = [STREAMS, PREDICTED, COEFFICIENTS];
      step.apply({ op: 'altupCoefficients', x: streamOf(0), norm, router, map: altup.predict, out: coefficients });
      step.apply({ op: 'altupPredict', streams, coefficients, predicted });

      const input = step.norm(layer.attnNorm, { into: LAUREL });
      step.linear(laurel.down, input, LOW_RANK);
      step.linear(laurel.up, step.rows(LOW_RANK), SIDE);
      step.attention(layer.attention, input, { postNorm: layer.attnPostNorm });
      step.addNorm(laurel.norm, SIDE, LAUREL);
      step.apply({ op: 'scaledSum', x: 'hidden', y: LAUREL, scale: Math.SQRT1_2 });
      step.feedForward(layer.feedForward, step.norm(layer.ffnNorm), { postNorm: layer.ffnPostNorm });

      step.apply({ op: 'altupCoefficients', x: 'hidden', norm, router, map: altup.correct, out: coefficients });
      step.apply({ op: 'altupCorrect', streams, coefficients, predicted, scale });
      perLayerBlock(step, inputs, perLayer, i);
      for (const stream of OTHERS) step.addNorm(perLayer.norm, SIDE, streamOf(stream));
    }
    // The mean of the first stream and of what the others are projected to, as long as the first.
    const mean = 1 / ALTUP_STREAMS;
    step.apply({ op: 'matchLength', x: streamOf(0), y: streamOf(0), out: 'hidden', scale: mean });
    for (const [i, projection] of unprojections.entries()) {
      step.linear(projection, step.rows(streamOf(i + 1)), SIDE);
      step.apply({ op: 'matchLength', x: streamOf(0), y: SIDE, out: 'hidden', addToOut: true, scale: mean });
    }
    step.head(outputNorm);
  };
}
