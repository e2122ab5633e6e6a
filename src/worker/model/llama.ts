/**
 * The llama family (Llama, Mistral, SmolLM2, TinyLlama): which tensors it has, and its forward pass, which reads like
 * the paper: embed; per layer norm, q|k|v, rotate, attend, o + residual, norm, gate|up, SwiGLU, down + residual; norm, head.
 * Knows nothing of files' bytes, sequences or sampling. Architecture: https://arxiv.org/abs/2307.09288
 */
import { LinnetError } from '../errors.ts';
import type { BufferRange, PlanningLimits } from '../gpu/gpu.ts';
import type { GgufFile } from '../loading/gguf-file.ts';
import { rowsOf } from '../loading/upload.ts';
import type { ModelConfig } from './config.ts';
import type { KvPool } from './kv-pool.ts';
import type { GpuMatrix } from './matrix.ts';
import type { OpBuilder } from './ops.ts';
import type { Scratch } from './scratch.ts';
import type { ModelSizes } from './sizes.ts';
import {
  missingTensor,
  TensorPlanner,
  type Pair,
  type Part,
  type PlannedMatrix,
  type PlannedVector,
  type PlannedWeights,
} from './tensors.ts';
import type { WeightStore } from './weight-store.ts';

interface Layer<M, V> {
  readonly attnNorm: V;
  readonly qkv: readonly Part<M>[];
  readonly qkvBias: V | undefined;
  readonly o: M;
  readonly oBias: V | undefined;
  readonly ffnNorm: V;
  readonly gateUp: Pair<M>;
  readonly gateUpBias: V | undefined;
  readonly down: M;
  readonly downBias: V | undefined;
}

/** `M` and `V`: matrices and vectors, planned or on the GPU. */
interface Llama<M, V> {
  readonly embedding: M;
  readonly layers: readonly Layer<M, V>[];
  readonly outputNorm: V;
  readonly head: M;
}

export type LlamaWeights = Llama<GpuMatrix, BufferRange>;

export interface LlamaPlan extends Llama<PlannedMatrix, PlannedVector> {
  /** Divisors of the rotary frequencies, read before anything else. */
  readonly ropeFactors: PlannedVector | undefined;
  readonly weights: PlannedWeights;
}

export function vocabSizeOf(file: GgufFile): number {
  const embedding = file.tensors.find((tensor) => tensor.name === 'token_embd.weight');
  if (embedding === undefined) throw missingTensor('token_embd.weight');
  return rowsOf(embedding);
}

/**
 * Finds and checks every tensor, before any is read.
 * @throws MissingTensor, GgufInvalid, UnsupportedTensorType; UnsupportedArchitecture for a tensor nobody asked for
 */
export function planLlama(
  file: GgufFile,
  config: ModelConfig,
  sizes: ModelSizes,
  limits: PlanningLimits,
  hasF16: boolean,
): LlamaPlan {
  const tensors = new TensorPlanner(file, limits, hasF16);
  const { hiddenSize } = config;
  const vocabSize = vocabSizeOf(file);
  const cutRows = sizes.logits.numSegments > 1 ? sizes.logits.segmentLength : undefined;
  const vocabulary = (name: string) => tensors.matrix([name], hiddenSize, [vocabSize], cutRows);
  const embedding = vocabulary('token_embd.weight');
  const planned = {
    embedding,
    layers: Array.from({ length: config.numLayers }, (_, i) => planLayer(tensors, `blk.${String(i)}.`, config, sizes)),
    outputNorm: tensors.vector('output_norm.weight', hiddenSize),
    head: tensors.has('output.weight') ? vocabulary('output.weight') : embedding,
    ropeFactors: tensors.option('rope_freqs.weight', config.ropeDim / 2),
  };
  return { ...planned, weights: tensors.finish() };
}

function planLayer(
  tensors: TensorPlanner,
  prefix: string,
  config: ModelConfig,
  { padded }: ModelSizes,
): Layer<PlannedMatrix, PlannedVector> {
  const { hiddenSize, numHeads, numKvHeads, headDim, ffnSize } = config;
  const q = numHeads * headDim;
  const kv = numKvHeads * headDim;
  const name = (part: string) => prefix + part;
  return {
    attnNorm: tensors.vector(name('attn_norm.weight'), hiddenSize),
    qkv: tensors.parts([name('attn_q.weight'), name('attn_k.weight'), name('attn_v.weight')], hiddenSize, [q, kv, kv]),
    qkvBias: tensors.joined(name('attn_qkv.bias'), padded.qkv, [
      { name: name('attn_q.bias'), numElements: q, offset: 0 },
      { name: name('attn_k.bias'), numElements: kv, offset: q },
      { name: name('attn_v.bias'), numElements: kv, offset: q + kv },
    ]),
    o: tensors.matrix([name('attn_output.weight')], q, [hiddenSize]),
    oBias: tensors.option(name('attn_output.bias'), hiddenSize),
    ffnNorm: tensors.vector(name('ffn_norm.weight'), hiddenSize),
    gateUp: tensors.pair(name('ffn_gate.weight'), name('ffn_up.weight'), hiddenSize, ffnSize),
    gateUpBias: tensors.joined(name('ffn_gate_up.bias'), 2 * padded.ffn, [
      { name: name('ffn_gate.bias'), numElements: ffnSize, offset: 0 },
      { name: name('ffn_up.bias'), numElements: ffnSize, offset: padded.ffn },
    ]),
    down: tensors.matrix([name('ffn_down.weight')], ffnSize, [hiddenSize]),
    downBias: tensors.option(name('ffn_down.bias'), hiddenSize),
  };
}

/** The plan with every matrix and vector replaced by what it has become on the GPU. */
export function llamaWeights(plan: LlamaPlan, store: WeightStore): LlamaWeights {
  const parts = (planned: readonly Part<PlannedMatrix>[]) =>
    planned.map(({ matrix, outOffset }) => ({ matrix: store.matrix(matrix), outOffset }));
  const pair = (planned: Pair<PlannedMatrix>): Pair<GpuMatrix> =>
    planned.kind === 'paired'
      ? { kind: 'paired', matrix: store.matrix(planned.matrix) }
      : { kind: 'apart', first: store.matrix(planned.first), second: store.matrix(planned.second) };
  const option = (planned: PlannedVector | undefined) => (planned === undefined ? undefined : store.vector(planned));
  return {
    embedding: store.matrix(plan.embedding),
    head: store.matrix(plan.head),
    outputNorm: store.vector(plan.outputNorm),
    layers: plan.layers.map((layer) => ({
      attnNorm: store.vector(layer.attnNorm),
      qkv: parts(layer.qkv),
      qkvBias: option(layer.qkvBias),
      o: store.matrix(layer.o),
      oBias: option(layer.oBias),
      ffnNorm: store.vector(layer.ffnNorm),
      gateUp: pair(layer.gateUp),
      gateUpBias: option(layer.gateUpBias),
      down: store.matrix(layer.down),
      downBias: option(layer.downBias),
    })),
  };
}

/** The forward pass of one step, up to the logits of the rows that want them. */
export function buildLlama(
  ops: OpBuilder,
  weights: LlamaWeights,
  cache: KvPool,
  scratch: Scratch,
  sizes: ModelSizes,
): void {
  const { hidden, normed, qkv, q, attended, gateUp, activated, partial } = scratch; // [rows, padded width] each
  const { padded } = sizes;
  const residual = { out: hidden, outStride: padded.hidden, addToOut: true };
  ops.embed(weights.embedding, hidden);
  weights.layers.forEach((layer, i) => {
    const kv = cache.shards(i);
    const attentionInput = ops.rmsNorm(hidden, layer.attnNorm, normed);
    for (const { matrix, outOffset } of layer.qkv) {
      ops.linear(matrix, attentionInput, { out: qkv, outStride: padded.qkv, outOffset, bias: layer.qkvBias });
    }
    ops.ropeAppend(qkv, q, kv);
    ops.attention(q, kv, partial, attended);
    const values = ops.valuesOf(attended, q);
    ops.linear(layer.o, { x: values }, { ...residual, bias: layer.oBias });
    const ffnInput = ops.rmsNorm(hidden, layer.ffnNorm, normed);
    ops.swiGlu(layer.gateUp, ffnInput, { gateUp, activated, outStride: padded.ffn, bias: layer.gateUpBias });
    ops.linear(layer.down, { x: activated }, { ...residual, bias: layer.downBias });
  });
  buildHead(ops, weights, scratch, sizes);
}

function buildHead(ops: OpBuilder, { head, outputNorm }: LlamaWeights, scratch: Scratch, sizes: ModelSizes): void {
  const { segmentLength } = sizes.logits;
  const input = ops.rmsNorm(scratch.hidden, outputNorm, scratch.headInput, true);
  for (const shard of head.shards) {
    const segment = Math.floor(shard.firstRow / segmentLength);
    const out = scratch.logits[segment];
    if (out === undefined) throw new LinnetError('Internal', 'A shard of the head lies outside the logits.');
    const outOffset = shard.firstRow - segment * segmentLength;
    ops.linearShard(head, shard, input, outOffset, { out, outStride: segmentLength, headRows: true });
  }
}
