/**
 * From ranges of the file to matrices on the GPU: reads a few megabytes of whole rows at a time, repacks them into
 * planes, writes them into the shard's buffer and lets go of them. The model never exists twice in memory.
 * Knows nothing of where the bytes come from or what a tensor is for.
 */
import { paddedRowElements, type BlockType } from '../../shaders/blocks/block-type.ts';
import { BLOCK_TYPES } from '../../shaders/blocks/index.ts';
import type { ByteSource } from '../../cache/byte-source.ts';
import { abortedError, LinnetError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { GpuMatrix, MatrixPlan, MatrixShard } from '../model/matrix.ts';
import type { TensorInfo } from './gguf-file.ts';

/** Raw bytes read and repacked at a time. */
const SLICE_BYTES = 4 * 2 ** 20;

/** Written bytes that may wait for a submit. */
const FLUSH_BYTES = 64 * 2 ** 20;

export interface UploadContext {
  readonly gpu: Gpu;
  readonly source: ByteSource;
  readonly signal?: AbortSignal | undefined;
  /** Bytes written since the last flush; starts at 0. */
  readonly written: { numBytes: number };
  /** Called with the bytes of the file that have gone to the GPU since the last call. */
  readonly onBytes?: (numBytes: number) => void;
}

/** The buffers of a matrix, still zero. */
export function allocateMatrix(gpu: Gpu, plan: MatrixPlan): GpuMatrix {
  const shards = plan.shards.map((shard, index): MatrixShard => {
    const buffer = gpu.createStorage(`${plan.label}[${String(index)}]`, shard.sizeBytes);
    const quants = { buffer, offsetBytes: 0, sizeBytes: shard.quantBytes };
    const scales =
      shard.scaleBytes === 0 ? quants : { buffer, offsetBytes: shard.scaleOffsetBytes, sizeBytes: shard.scaleBytes };
    return { ...shard, quants, scales };
  });
  return { ...plan, shards };
}

/**
 * Fills a matrix from `parts`: tensors of one type and row length, one below the other (paired: those of the first half of every
 * shard, then those of the second).
 */
export async function uploadMatrix(
  context: UploadContext,
  matrix: GpuMatrix,
  parts: readonly TensorInfo[],
): Promise<void> {
  for (const shard of matrix.shards) {
    const numHalves = matrix.paired ? 2 : 1;
    const halfRows = shard.numRows / numHalves;
    const partsOfHalf = parts.length / numHalves;
    const pieces = Array.from({ length: numHalves }, (_, half) => {
      const stack = parts.slice(half * partsOfHalf, (half + 1) * partsOfHalf);
      return piecesOf(stack, shard.firstRow, halfRows, half * halfRows);
    }).flat();
    // In the order of the file, where the parts of both halves may take turns.
    pieces.sort((a, b) => a.part.offsetBytes - b.part.offsetBytes);
    for (const piece of pieces) await uploadRows(context, matrix, shard, piece);
  }
}

/** Rows of a tensor, and the row of a shard that the first of them becomes. */
interface Piece {
  readonly part: TensorInfo;
  readonly firstRow: number;
  readonly numRows: number;
  readonly targetRow: number;
}

/** Of `stack`, tensors one below the other, the rows from `firstRow` on. */
function piecesOf(
  stack: readonly TensorInfo[],
  firstRow: number,
  numRows: number,
  targetRow: number,
): readonly Piece[] {
  const pieces: Piece[] = [];
  let partFirstRow = 0;
  for (const part of stack) {
    const from = Math.max(firstRow, partFirstRow);
    const to = Math.min(firstRow + numRows, partFirstRow + rowsOf(part));
    if (from < to) {
      pieces.push({
        part,
        firstRow: from - partFirstRow,
        numRows: to - from,
        targetRow: targetRow + from - firstRow,
      });
    }
    partFirstRow += rowsOf(part);
  }
  return pieces;
}

async function uploadRows(
  context: UploadContext,
  plan: MatrixPlan,
  shard: MatrixShard,
  { part, firstRow, numRows, targetRow }: Piece,
): Promise<void> {
  const { type, rowElements } = plan;
  const rawRowBytes = (rowElements / type.blockElements) * type.blockBytes;
  const blocksPerRow = paddedRowElements(rowElements) / type.gpuBlockElements;
  // Of any type, four rows fill whole words of scales.
  const rowsPerSlice = Math.max(4, Math.floor(SLICE_BYTES / rawRowBytes / 4) * 4);
  for (let done = 0; done < numRows; done += rowsPerSlice) {
    const rows = Math.min(rowsPerSlice, numRows - done);
    const raw = await context.source.read(
      part.offsetBytes + (firstRow + done) * rawRowBytes,
      rows * rawRowBytes,
      context.signal,
    );
    if (context.signal?.aborted) throw abortedError();
    const quants = new Uint8Array(rows * blocksPerRow * type.quantBytes);
    const scales = new Uint8Array(Math.ceil((rows * blocksPerRow * type.scaleBytes) / 4) * 4);
    type.repack(raw, rows, rowElements, quants, scales);
    const { queue } = context.gpu.device;
    const row = targetRow + done;
    queue.writeBuffer(shard.quants.buffer, row * blocksPerRow * type.quantBytes, quants);
    if (scales.length > 0) {
      queue.writeBuffer(shard.quants.buffer, shard.scaleOffsetBytes + row * blocksPerRow * type.scaleBytes, scales);
    }
    context.onBytes?.(rows * rawRowBytes);
    await flushNowAndThen(context, quants.length + scales.length);
  }
}

/** A small tensor as numbers (norm weights, biases, rotary factors). */
export async function readVector(context: UploadContext, tensor: TensorInfo): Promise<Float32Array<ArrayBuffer>> {
  const type = fileTypeOf(tensor);
  const raw = await context.source.read(tensor.offsetBytes, tensor.sizeBytes, context.signal);
  const numElements = tensor.shape.reduce((product, n) => product * n, 1);
  const exact = new Float64Array(numElements);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let block = 0; block < numElements / type.blockElements; block++) {
    type.dequantizeBlock(view, block * type.blockBytes, exact, block * type.blockElements);
  }
  context.onBytes?.(tensor.sizeBytes);
  return Float32Array.from(exact);
}

/** What is written waits in the browser's memory until a submit: let it go before it adds up to a second model. */
async function flushNowAndThen(context: UploadContext, numBytes: number): Promise<void> {
  context.written.numBytes += numBytes;
  if (context.written.numBytes < FLUSH_BYTES) return;
  context.written.numBytes = 0;
  const { queue } = context.gpu.device;
  queue.submit([]);
  await queue.onSubmittedWorkDone();
}

export function rowsOf(tensor: TensorInfo): number {
  return tensor.shape.slice(1).reduce((product, n) => product * n, 1);
}

function fileTypeOf(tensor: TensorInfo): BlockType {
  const type = BLOCK_TYPES.find((candidate) => candidate.ggmlType === tensor.type);
  if (type !== undefined) return type;
  throw new LinnetError(
    'UnsupportedTensorType',
    `The tensor ${tensor.name} has the type ${tensor.typeName}, which is not supported. Choose another file of this model.`,
  );
}
