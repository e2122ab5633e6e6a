/**
 * Gemma 4 (https://ai.google.dev/gemma/docs/core/model_card_4): Gemma 3 with values normed, wider heads in its full layers than
 * in its windowed ones, layers that use the keys and values of earlier ones, per-layer embeddings, and layers scaled as a whole.
 * Those with experts have them beside the dense feed-forward, and a router that sees the residual stream by a norm of its own.
 */
import { readCommonConfig } from '../config.ts';
import type { DecoderTensors, Forward, ForwardStep, LayerTensors } from '../decoder-tensors.ts';
import { readExperts } from '../experts-config.ts';
import {
  computePerLayerInputs,
  hasPerLayerInputs,
  PER_LAYER_OUT,
  perLayerBlock,
  perLayerBuffers,
  planPerLayerBlock,
  planPerLayerInputs,
} from '../per-layer-inputs.ts';
import { windowedAndShared } from '../shared-kv.ts';
import type { Family } from './family.ts';

const PER_LAYER_WIDTH = 'embedding_length_per_layer_input';
const ROUTED = 'routed';
/** What both feed-forwards of a layer give together, before its norm. */
const MIXED = 'mixed';

export const gemma4: Family = {
  architecture: 'gemma4',
  models: 'Gemma 4 (text), also with experts',
  config(keys) {
    const common = readCommonConfig(keys, { experts: (own) => readExperts(own, { normalised: true }) });
    const [rope] = common.ropes;
    const headDim = keys.option('attention.key_length_swa', common.layers[0]?.headDim ?? NaN);
    const valueDim = keys.option('attention.value_length_swa', headDim);
    keys.demand(
      valueDim === headDim && headDim % 4 === 0,
      `windowed heads of ${String(headDim)} and ${String(valueDim)}`,
    );
    const ropeOfWindows = {
      ...rope,
      theta: keys.option('rope.freq_base_swa', 10000),
      dim: keys.option('rope.dimension_count_swa', headDim),
      scaling: { kind: 'none' },
    } as const;
    const layers = windowedAndShared(keys, common, keys.option('attention.shared_kv_layers', 0));
    const width = keys.option(PER_LAYER_WIDTH, 0);
    const { hiddenSize } = common;
    return {
      ...common,
      rotateHalves: true,
      activation: 'gelu',
      embeddingScale: Math.sqrt(hiddenSize),
      attentionScale: 1,
      logitSoftcap: keys.option('final_logit_softcapping', 0),
      ropes: [rope, ropeOfWindows],
      layers: layers.map((layer) => (layer.window === undefined ? layer : { ...layer, headDim })),
      buffers: {
        ...(width === 0 ? {} : perLayerBuffers(width, common)),
        ...(common.experts === undefined ? {} : { [ROUTED]: { width: hiddenSize }, [MIXED]: { width: hiddenSize } }),
      },
    };
  },
  plan: planGemma4,
};

/** Experts beside the dense feed-forward, each with norms of its own. */
function planExperts(layer: LayerTensors) {
  return {
    routerNorm: layer.routerNorm(),
    norm: layer.norm('pre_ffw_norm_2'),
    tensors: layer.experts(),
    postNorm: layer.norm('post_ffw_norm_2'),
    densePostNorm: layer.norm('post_ffw_norm_1'),
  };
}

/** MIXED = what the experts give; the dense feed-forward is the caller's to add. */
function expertsBlock<R>(step: ForwardStep<R>, experts: ReturnType<typeof planExperts>): void {
  const routed = step.norm(experts.routerNorm, { into: ROUTED });
  const { postNorm } = experts;
  step.experts(experts.tensors, step.norm(experts.norm, { apart: true }), { routed, postNorm, into: MIXED });
}

function planGemma4(tensors: DecoderTensors): Forward {
  const { config } = tensors;
  const inputs = hasPerLayerInputs(config) ? planPerLayerInputs(tensors) : undefined;
  const layers = tensors.layers((layer) => ({
    attnNorm: layer.norm('attn_norm'),
    attention: layer.attention({ qkNorm: 'head', valueNorm: true, valuesFromKeys: true }),
    attnPostNorm: layer.norm('post_attention_norm'),
    ffnNorm: layer.norm('ffn_norm'),
    feedForward: layer.feedForward(),
    experts: layer.has('ffn_gate_inp.weight') ? planExperts(layer) : undefined,
    ffnPostNorm: layer.norm('post_ffw_norm'),
    perLayer: inputs && planPerLayerBlock(layer, inputs, config.hiddenSize),
    scale: layer.has('layer_output_scale.weight') ? layer.vector('layer_output_scale', 1) : undefined,
  }));
  const outputNorm = tensors.outputNorm();
  return (step) => {
    step.embed();
    if (inputs !== undefined) computePerLayerInputs(step, inputs, config);
    for (const [i, layer] of layers.entries()) {
      step.attention(layer.attention, step.norm(layer.attnNorm), { postNorm: layer.attnPostNorm });
      const { experts } = layer;
      if (experts !== undefined) expertsBlock(step, experts);
      step.feedForward(
        layer.feedForward,
        step.norm(layer.ffnNorm),
        experts === undefined ? { postNorm: layer.ffnPostNorm } : { postNorm: experts.densePostNorm, residual: MIXED },
      );
      if (experts !== undefined) step.addNorm(layer.ffnPostNorm, MIXED, 'hidden');
      if (inputs !== undefined && layer.perLayer !== undefined) {
        perLayerBlock(step, inputs, layer.perLayer, i);
        step.addNorm(layer.perLayer.norm, PER_LAYER_OUT, 'hidden');
      }
      if (layer.scale !== undefined) step.apply({ op: 'scaledSum', x: 'hidden', factor: layer.scale });
    }
    step.head(outputNorm);
  };
}
