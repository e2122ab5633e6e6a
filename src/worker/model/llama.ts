/**
 * The llama family (Llama, Mistral, SmolLM2, TinyLlama): which tensors it has, and its forward pass, which reads like
 * the paper: embed; per layer norm, q|k|v, rotate, attend, o + residual, norm, gate|up, SwiGLU, down + residual; norm, head.
 * Knows nothing of files' bytes, sequences or sampling. Architecture: https://arxiv.org/abs/2307.09288
 */
import { blockTypeOf } from '../../shaders/blocks/index.ts';
import { LinnetError } from '../errors.ts';
import type { BufferRange, PlanningLimits } from '../gpu/gpu.ts';
import type { GgufFile, TensorInfo } from '../loading/gguf-file.ts';
import { readVector, rowsOf, uploadMatrix, uploadVector, type UploadContext } from '../loading/upload.ts';
import type { ModelConfig } from './config.ts';
import type { KvPool } from './kv-pool.ts';
import { planMatrix, type GpuMatrix, type MatrixPlan } from './matrix.ts';
import type { OpBuilder } from './ops.ts';
import type { Scratch } from './scratch.ts';
import type { ModelSizes } from './sizes.ts';

/** A matrix that fills a part of an output row. */
interface Part<M> {
  readonly matrix: M;
  readonly outOffset: number;
}

interface Planned {
  readonly plan: MatrixPlan;
  readonly tensors: readonly TensorInfo[];
}

interface LayerPlan {
  readonly attnNorm: TensorInfo;
  readonly qkv: readonly Part<Planned>[];
  readonly qkvBias: readonly (TensorInfo | undefined)[];
  readonly o: Planned;
  readonly oBias: TensorInfo | undefined;
  readonly ffnNorm: TensorInfo;
  readonly gateUp: readonly Part<Planned>[];
  readonly down: Planned;
}

export interface LlamaPlan {
  readonly embedding: Planned;
  readonly layers: readonly LayerPlan[];
  readonly outputNorm: TensorInfo;
  /** Undefined: tied to the embedding. */
  readonly head: Planned | undefined;
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
  if (embedding === undefined) throw missing('token_embd.weight');
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
  const byName = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
  const { hiddenSize, numHeads, numKvHeads, headDim, ffnSize } = config;
  const qRows = numHeads * headDim;
  const kvRows = numKvHeads * headDim;
  const vocabSize = vocabSizeOf(file);
  const find = (name: string, shape: readonly number[]): TensorInfo => {
    const tensor = byName.get(name);
    if (tensor === undefined) throw missing(name);
    const actual = tensor.shape.join(' x ');
    if (actual !== shape.join(' x ')) {
      throw new LinnetError(
        'GgufInvalid',
        `The tensor ${name} is ${actual}, its metadata says ${shape.join(' x ')}: the file is damaged or of another layout.`,
      );
    }
    return tensor;
  };
  const option = (name: string, size: number) => (byName.has(name) ? find(name, [size]) : undefined);
  const matrix = (
    names: readonly string[],
    rowElements: number,
    rows: readonly number[],
    cutRows?: number,
  ): Planned => {
    const tensors = names.map((name, i) => find(name, [rowElements, rows[i] ?? 0]));
    const type = blockTypeOf(tensors[0]?.type ?? 0, hasF16);
    if (type === undefined) throw unsupportedType(tensors[0]);
    const numRows = rows.reduce((sum, n) => sum + n, 0);
    return { plan: planMatrix(names.join('|'), type, numRows, rowElements, limits, cutRows), tensors };
  };
  /** One matrix where the tensors are of one type and fit seamlessly below each other, else one each. */
  const parts = (
    names: readonly string[],
    rowElements: number,
    rows: readonly number[],
    offsets: readonly number[],
  ): readonly Part<Planned>[] => {
    const types = new Set(names.map((name) => byName.get(name)?.type));
    const seamless = rows.every(
      (n, i) => n % 2 === 0 && (offsets[i + 1] ?? (offsets[i] ?? 0) + n) === (offsets[i] ?? 0) + n,
    );
    if (types.size === 1 && seamless) return [{ matrix: matrix(names, rowElements, rows), outOffset: 0 }];
    return names.map((name, i) => ({
      matrix: matrix([name], rowElements, [rows[i] ?? 0]),
      outOffset: offsets[i] ?? 0,
    }));
  };
  const layers = Array.from({ length: config.numLayers }, (_, i): LayerPlan => {
    const name = (part: string) => `blk.${String(i)}.${part}`;
    return {
      attnNorm: find(name('attn_norm.weight'), [hiddenSize]),
      qkv: parts(
        [name('attn_q.weight'), name('attn_k.weight'), name('attn_v.weight')],
        hiddenSize,
        [qRows, kvRows, kvRows],
        [0, qRows, qRows + kvRows],
      ),
      qkvBias: [
        option(name('attn_q.bias'), qRows),
        option(name('attn_k.bias'), kvRows),
        option(name('attn_v.bias'), kvRows),
      ],
      o: matrix([name('attn_output.weight')], qRows, [hiddenSize]),
      oBias: option(name('attn_output.bias'), hiddenSize),
      ffnNorm: find(name('ffn_norm.weight'), [hiddenSize]),
      gateUp: parts(
        [name('ffn_gate.weight'), name('ffn_up.weight')],
        hiddenSize,
        [ffnSize, ffnSize],
        [0, sizes.padded.ffn],
      ),
      down: matrix([name('ffn_down.weight')], ffnSize, [hiddenSize]),
    };
  });
  const { logits } = sizes;
  const cutRows = logits.numSegments > 1 ? logits.segmentLength : undefined;
  const embedding = matrix(['token_embd.weight'], hiddenSize, [vocabSize], cutRows);
  const head = byName.has('output.weight') ? matrix(['output.weight'], hiddenSize, [vocabSize], cutRows) : undefined;
  const all = [
    embedding,
    ...(head ? [head] : []),
    ...layers.flatMap((layer) =>
      [...layer.qkv, ...layer.gateUp].map((part) => part.matrix).concat(layer.o, layer.down),
    ),
  ];
  return {
    embedding,
    layers,
    outputNorm: find('output_norm.weight', [hiddenSize]),
    head,
    ropeFactors: option('rope_freqs.weight', config.ropeDim / 2),
    weightBytes: all.reduce((sum, planned) => sum + planned.plan.sizeBytes, 0),
  };
}

/** Uploads in the order of the file, so that a running download is followed, not fought. */
export async function uploadLlama(
  context: UploadContext,
  plan: LlamaPlan,
  config: ModelConfig,
  sizes: ModelSizes,
): Promise<LlamaWeights> {
  const matrices = new Map<Planned, GpuMatrix>();
  const vectors = new Map<TensorInfo, Float32Array<ArrayBuffer>>();
  const jobs: { readonly offsetBytes: number; readonly run: () => Promise<void> }[] = [];
  const addMatrix = (planned: Planned) =>
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

  const matrixOf = (planned: Planned): GpuMatrix => required(matrices.get(planned));
  const vectorOf = (tensor: TensorInfo): BufferRange => ({
    buffer: uploadVector(context.gpu, tensor.name, required(vectors.get(tensor))),
  });
  const partsOf = (parts: readonly Part<Planned>[]) =>
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

function missing(name: string): LinnetError {
  return new LinnetError(
    'MissingTensor',
    `The file has no tensor ${name}, which every llama model has. Choose another file of this model.`,
  );
}

function unsupportedType(tensor: TensorInfo | undefined): LinnetError {
  return new LinnetError(
    'UnsupportedTensorType',
    `The tensor ${tensor?.name ?? ''} has the type ${tensor?.typeName ?? ''}, which is not supported yet; F32, F16, Q8_0, Q4_0, Q4_K and Q6_K are. Choose another file of this model, e.g. Q4_K_M.`,
  );
}
