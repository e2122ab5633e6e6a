/**
 * The llama family (Llama, Mistral, SmolLM2, TinyLlama): which tensors it has, and its forward pass, which reads like
 * the paper: embed; per layer norm, q|k|v, rotate, attend, o + residual, norm, gate|up, SwiGLU, down + residual; norm, head.
 * Knows nothing of files' bytes, sequences or sampling. Architecture: https://arxiv.org/abs/2307.09288
 */
import { LinnetError } from '../errors.ts';
import type { BufferRange, PlanningLimits } from '../gpu/gpu.ts';
import type { GgufFile, TensorInfo } from '../loading/gguf-file.ts';
import { readVector, rowsOf, uploadMatrix, uploadVector, type UploadContext } from '../loading/upload.ts';
import type { ModelConfig } from './config.ts';
import type { KvPool } from './kv-pool.ts';
import type { GpuMatrix } from './matrix.ts';
import type { OpBuilder } from './ops.ts';
import type { Scratch } from './scratch.ts';
import type { ModelSizes } from './sizes.ts';
import { missingTensor, TensorPlanner, type Part, type PlannedMatrix } from './tensors.ts';

interface LayerPlan {
  readonly attnNorm: TensorInfo;
  readonly qkv: readonly Part<PlannedMatrix>[];
  readonly qkvBias: readonly (TensorInfo | undefined)[];
  readonly o: PlannedMatrix;
  readonly oBias: TensorInfo | undefined;
  readonly ffnNorm: TensorInfo;
  readonly gateUp: readonly Part<PlannedMatrix>[];
  readonly down: PlannedMatrix;
}

export interface LlamaPlan {
  readonly embedding: PlannedMatrix;
  readonly layers: readonly LayerPlan[];
  readonly outputNorm: TensorInfo;
  /** Undefined: tied to the embedding. */
  readonly head: PlannedMatrix | undefined;
  readonly ropeFactors: TensorInfo | undefined;
  /** Bytes on the GPU. */
  readonly weightBytes: number;
}

interface LayerWeights {
  readonly attnNorm: BufferRange;
  readonly qkv: readonly Part<GpuMatrix>[];
  readonly qkvBias: BufferRange | undefined;
  readonly o: GpuMatrix;
  readonly oBias: BufferRange | undefined;
  readonly ffnNorm: BufferRange;
  readonly gateUp: readonly Part<GpuMatrix>[];
  readonly down: GpuMatrix;
}

export interface LlamaWeights {
  readonly embedding: GpuMatrix;
  readonly layers: readonly LayerWeights[];
  readonly outputNorm: BufferRange;
  readonly head: GpuMatrix;
}

export function vocabSizeOf(file: GgufFile): number {
  const embedding = file.tensors.find((tensor) => tensor.name === 'token_embd.weight');
  if (embedding === undefined) throw missingTensor('token_embd.weight');
  return rowsOf(embedding);
}

/** Finds and checks every tensor, before any is read. @throws MissingTensor, GgufInvalid, UnsupportedTensorType */
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
  const planned = {
    embedding: vocabulary('token_embd.weight'),
    layers: Array.from({ length: config.numLayers }, (_, i) => planLayer(tensors, `blk.${String(i)}.`, config, sizes)),
    outputNorm: tensors.find('output_norm.weight', [hiddenSize]),
    head: tensors.has('output.weight') ? vocabulary('output.weight') : undefined,
    ropeFactors: tensors.option('rope_freqs.weight', config.ropeDim / 2),
  };
  return { ...planned, weightBytes: tensors.weightBytes };
}

function planLayer(tensors: TensorPlanner, prefix: string, config: ModelConfig, sizes: ModelSizes): LayerPlan {
  const { hiddenSize, numHeads, numKvHeads, headDim, ffnSize } = config;
  const q = numHeads * headDim;
  const kv = numKvHeads * headDim;
  const name = (part: string) => prefix + part;
  return {
    attnNorm: tensors.find(name('attn_norm.weight'), [hiddenSize]),
    qkv: tensors.parts(
      [name('attn_q.weight'), name('attn_k.weight'), name('attn_v.weight')],
      hiddenSize,
      [q, kv, kv],
      [0, q, q + kv],
    ),
    qkvBias: [
      tensors.option(name('attn_q.bias'), q),
      tensors.option(name('attn_k.bias'), kv),
      tensors.option(name('attn_v.bias'), kv),
    ],
    o: tensors.matrix([name('attn_output.weight')], q, [hiddenSize]),
    oBias: tensors.option(name('attn_output.bias'), hiddenSize),
    ffnNorm: tensors.find(name('ffn_norm.weight'), [hiddenSize]),
    gateUp: tensors.parts(
      [name('ffn_gate.weight'), name('ffn_up.weight')],
      hiddenSize,
      [ffnSize, ffnSize],
      [0, sizes.padded.ffn],
    ),
    down: tensors.matrix([name('ffn_down.weight')], ffnSize, [hiddenSize]),
  };
}

/** Uploads in the order of the file, so that a running download is followed, not fought. */
export async function uploadLlama(
  context: UploadContext,
  plan: LlamaPlan,
  config: ModelConfig,
  sizes: ModelSizes,
): Promise<LlamaWeights> {
  const matrices = new Map<PlannedMatrix, GpuMatrix>();
  const vectors = new Map<TensorInfo, Float32Array<ArrayBuffer>>();
  const jobs: { readonly offsetBytes: number; readonly run: () => Promise<void> }[] = [];
  const addMatrix = (planned: PlannedMatrix) =>
    jobs.push({
      offsetBytes: Math.min(...planned.tensors.map((tensor) => tensor.offsetBytes)),
      run: async () => void matrices.set(planned, await uploadMatrix(context, planned.plan, planned.tensors)),
    });
  const addVector = (tensor: TensorInfo | undefined) => {
    if (tensor === undefined) return;
    jobs.push({
      offsetBytes: tensor.offsetBytes,
      run: async () => void vectors.set(tensor, await readVector(context, tensor)),
    });
  };
  addMatrix(plan.embedding);
  if (plan.head) addMatrix(plan.head);
  addVector(plan.outputNorm);
  for (const layer of plan.layers) {
    for (const part of [...layer.qkv, ...layer.gateUp]) addMatrix(part.matrix);
    addMatrix(layer.o);
    addMatrix(layer.down);
    for (const tensor of [layer.attnNorm, layer.ffnNorm, layer.oBias, ...layer.qkvBias]) addVector(tensor);
  }
  jobs.sort((a, b) => a.offsetBytes - b.offsetBytes);
  for (const job of jobs) await job.run();

  const matrixOf = (planned: PlannedMatrix): GpuMatrix => required(matrices.get(planned));
  const vectorOf = (tensor: TensorInfo): BufferRange => ({
    buffer: uploadVector(context.gpu, tensor.name, required(vectors.get(tensor))),
  });
  const partsOf = (parts: readonly Part<PlannedMatrix>[]) =>
    parts.map((part) => ({ matrix: matrixOf(part.matrix), outOffset: part.outOffset }));
  const qkvBiasOf = (layer: LayerPlan): BufferRange | undefined => {
    if (layer.qkvBias.every((tensor) => tensor === undefined)) return undefined;
    const values = new Float32Array(sizes.padded.qkv);
    let offset = 0;
    layer.qkvBias.forEach((tensor, i) => {
      if (tensor) values.set(required(vectors.get(tensor)), offset);
      offset += (i === 0 ? config.numHeads : config.numKvHeads) * config.headDim;
    });
    return { buffer: uploadVector(context.gpu, 'qkv.bias', values) };
  };
  const embedding = matrixOf(plan.embedding);
  return {
    embedding,
    head: plan.head ? matrixOf(plan.head) : embedding,
    outputNorm: vectorOf(plan.outputNorm),
    layers: plan.layers.map((layer) => ({
      attnNorm: vectorOf(layer.attnNorm),
      qkv: partsOf(layer.qkv),
      qkvBias: qkvBiasOf(layer),
      o: matrixOf(layer.o),
      oBias: layer.oBias ? vectorOf(layer.oBias) : undefined,
      ffnNorm: vectorOf(layer.ffnNorm),
      gateUp: partsOf(layer.gateUp),
      down: matrixOf(layer.down),
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
  const { hidden, normed, qkv, q, attended, gateUp, activated, partial, headInput } = scratch; // [rows, padded width] each
  const { padded } = sizes;
  ops.embed(weights.embedding, hidden);
  weights.layers.forEach((layer, i) => {
    const kv = cache.shards(i);
    ops.rmsNorm(hidden, layer.attnNorm, normed);
    for (const { matrix, outOffset } of layer.qkv) {
      ops.linear(matrix, normed, { out: qkv, outStride: padded.qkv, outOffset, bias: layer.qkvBias });
    }
    ops.ropeAppend(qkv, q, kv);
    ops.attention(q, kv, partial, attended);
    ops.linear(layer.o, attended, { out: hidden, outStride: padded.hidden, addToOut: true, bias: layer.oBias });
    ops.rmsNorm(hidden, layer.ffnNorm, normed);
    for (const { matrix, outOffset } of layer.gateUp) {
      ops.linear(matrix, normed, { out: gateUp, outStride: 2 * padded.ffn, outOffset });
    }
    ops.siluMul(gateUp, activated);
    ops.linear(layer.down, activated, { out: hidden, outStride: padded.hidden, addToOut: true });
  });
  ops.rmsNorm(hidden, weights.outputNorm, headInput, true);
  for (const shard of weights.head.shards) {
    const { segmentLength } = sizes.logits;
    const segment = Math.floor(shard.firstRow / segmentLength);
    const out = scratch.logits[segment];
    if (out === undefined) throw new LinnetError('Internal', 'A shard of the head lies outside the logits.');
    ops.linearShard(weights.head, shard, headInput, shard.firstRow - segment * segmentLength, {
      out,
      outStride: segmentLength,
      headRows: true,
    });
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new LinnetError('Internal', 'A tensor was planned and not uploaded.');
  return value;
}
