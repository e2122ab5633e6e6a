/** The activation buffers of a model, one for each role, so that the padding of every row stays zero. */
import type { BufferRange, Gpu } from '../gpu/gpu.ts';
import type { ModelConfig } from './config.ts';
import type { Int8Rows } from './linear-dispatch.ts';
import type { ModelSizes } from './sizes.ts';

export interface Scratch {
  readonly hidden: BufferRange; // [maxRows, padded.hidden] the residual stream
  readonly normed: BufferRange; // [maxRows, padded.hidden]
  readonly qkv: BufferRange; // [maxRows, padded.qkv]
  readonly q: BufferRange; // [maxRows, padded.q] rotated
  readonly attended: BufferRange; // [maxRows, padded.q]
  readonly gateUp: BufferRange; // [maxRows, 2, padded.ffn]
  readonly activated: BufferRange; // [maxRows, padded.ffn]
  readonly partial: { readonly out: BufferRange; readonly stats: BufferRange }; // [rows, numHeads, maxChunks, headDim | 2]
  readonly headInput: BufferRange; // [maxLogitRows, padded.hidden]
  /** Rows rounded for products in int8; undefined where products are exact. */
  readonly int8:
    | {
        readonly normed: Int8Rows; // [maxRows, padded.hidden] of `normed`
        readonly block: Int8Rows; // [maxRows, the widest] of what is multiplied next
        readonly head: Int8Rows; // [maxLogitRows, padded.hidden] of `headInput`
      }
    | undefined;
  readonly logits: readonly BufferRange[]; // numSegments of [numRows, segmentLength]
  readonly logitsBuffer: GPUBuffer;
}

export function createScratch(gpu: Gpu, config: ModelConfig, sizes: ModelSizes): Scratch {
  const { maxRows, maxGeneratedRows, padded, logits, maxChunks, sharded } = sizes;
  const rows = (label: string, numRows: number, width: number): BufferRange => ({
    buffer: gpu.createStorage(label, numRows * width * 4),
  });
  const int8Rows = (label: string, numRows: number, width: number): Int8Rows => ({
    quants: { buffer: gpu.createStorage(`${label}.quants`, numRows * width) },
    scales: { buffer: gpu.createStorage(`${label}.scales`, (numRows * width) / 4) },
  });
  const partialRows = sharded ? maxRows : maxGeneratedRows;
  const segmentBytes = logits.numRows * logits.segmentLength * 4;
  const logitsBuffer = gpu.createStorage('logits', segmentBytes * logits.numSegments);
  return {
    hidden: rows('hidden', maxRows, padded.hidden),
    normed: rows('normed', maxRows, padded.hidden),
    qkv: rows('qkv', maxRows, padded.qkv),
    q: rows('q', maxRows, padded.q),
    attended: rows('attended', maxRows, padded.q),
    gateUp: rows('gateUp', maxRows, 2 * padded.ffn),
    activated: rows('activated', maxRows, padded.ffn),
    partial: {
      out: rows('attention.partial', partialRows, config.numHeads * maxChunks * config.headDim),
      stats: rows('attention.stats', partialRows, config.numHeads * maxChunks * 2),
    },
    headInput: rows('headInput', logits.numRows, padded.hidden),
    int8:
      sizes.precision === 'int8'
        ? {
            normed: int8Rows('normed.int8', maxRows, padded.hidden),
            block: int8Rows('block.int8', maxRows, Math.max(padded.hidden, padded.q, padded.ffn)),
            head: int8Rows('headInput.int8', logits.numRows, padded.hidden),
          }
        : undefined,
    logits: Array.from({ length: logits.numSegments }, (_, i) => ({
      buffer: logitsBuffer,
      offsetBytes: i * segmentBytes,
      sizeBytes: segmentBytes,
    })),
    logitsBuffer,
  };
}
