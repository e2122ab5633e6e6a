/**
 * Per-layer embeddings of Gemma 3n and 4: for each token and layer a vector, from a table of the token's and from a projection
 * of the embedding, which gates what the layer adds to the residual stream at its end. Knows no architecture's name.
 */
import type { ModelConfig, NamedBuffer } from './config.ts';
import type { DecoderTensors, ForwardStep, LayerTensors, NormTensors } from './decoder-tensors.ts';
import type { PlannedMatrix, PlannedVector } from './tensors.ts';

export interface PerLayerInputs {
  /** Elements of the vector of one layer. */
  readonly width: number;
  readonly table: PlannedMatrix; // [vocabSize, numLayers, width]
  readonly projection: PlannedMatrix; // [numLayers * width, hiddenSize]
  readonly norm: PlannedVector; // [width]
}

export interface PerLayerBlock {
  readonly gate: PlannedMatrix; // [width, hiddenSize]
  readonly projection: PlannedMatrix; // [hiddenSize, width]
  readonly norm: NormTensors;
}

const VECTORS = 'perLayer';
const GATE = 'perLayer.gate';
/** What a layer's block is about to add, before its norm. */
export const PER_LAYER_OUT = 'perLayer.out';

export function perLayerBuffers(width: number, config: ModelConfig): Readonly<Record<string, NamedBuffer>> {
  return {
    [VECTORS]: { width: width * config.numLayers },
    [GATE]: { width },
    [PER_LAYER_OUT]: { width: config.hiddenSize },
  };
}

export function hasPerLayerInputs({ buffers }: ModelConfig): boolean {
  return VECTORS in buffers;
}

export function planPerLayerInputs(tensors: DecoderTensors): PerLayerInputs {
  const { hiddenSize, numLayers, buffers } = tensors.config;
  const width = (buffers[VECTORS]?.width ?? 0) / numLayers;
  return {
    width,
    table: tensors.vocabularyTable('per_layer_token_embd', width * numLayers),
    projection: tensors.matrix('per_layer_model_proj', hiddenSize, width * numLayers),
    // The sum of both is divided by sqrt(2).
    norm: tensors.planner.vector('per_layer_proj_norm.weight', width, Math.SQRT1_2),
  };
}

export function planPerLayerBlock(layer: LayerTensors, { width }: PerLayerInputs, hiddenSize: number): PerLayerBlock {
  return {
    gate: layer.matrix('inp_gate', hiddenSize, width),
    projection: layer.matrix('proj', width, hiddenSize),
    norm: layer.norm('post_norm'),
  };
}

/** The vectors of all layers, from the residual stream as it is right behind the embedding. */
export function computePerLayerInputs<R>(step: ForwardStep<R>, inputs: PerLayerInputs, config: ModelConfig): void {
  const { hiddenSize, numLayers, normEps } = config;
  const { width, table, projection, norm: weight } = inputs;
  step.linear(projection, step.hidden, VECTORS);
  // The projection is divided by sqrt(hiddenSize), of which its norm takes no notice but in its epsilon.
  step.apply({ op: 'normParts', x: VECTORS, numParts: numLayers, weight, eps: normEps * hiddenSize });
  step.apply({ op: 'addGathered', x: VECTORS, table, scale: Math.sqrt(width / 2) });
}

/** PER_LAYER_OUT = projection(gelu(gate(hidden)) * the layer's vector); its norm is the caller's to add. */
export function perLayerBlock<R>(
  step: ForwardStep<R>,
  { width }: PerLayerInputs,
  { gate, projection }: PerLayerBlock,
  layer: number,
): void {
  step.linear(gate, step.hidden, GATE);
  step.apply({ op: 'gatePart', x: GATE, by: VECTORS, part: layer, width });
  step.linear(projection, step.rows(GATE), PER_LAYER_OUT);
}
