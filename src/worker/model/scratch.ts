/** The activation buffers of a model, one for each role, so that the padding of every row stays zero. */
import type { BufferRange, Gpu } from '../gpu/gpu.ts';
import type { ModelConfig, NamedBuffer } from './config.ts';
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
  /** Those that the configuration names; a whole with parts is [parts, maxRows, padded width]. */
  readonly named: ReadonlyMap<string, BufferRange>;
  /** Of encoders: a vector for each text. */
  readonly pooled: BufferRange; // [maxLogitRows, padded.hidden]
  readonly headInput: BufferRange; // [maxLogitRows, padded.hidden]
  readonly logits: readonly BufferRange[]; // numSegments of [numRows, segmentLength]
  readonly logitsBuffer: GPUBuffer;
}

export function createScratch(gpu: Gpu, config: ModelConfig, sizes: ModelSizes): Scratch {
  const { maxRows, maxGeneratedRows, padded, logits, maxChunks, sharded } = sizes;
  const rows = (label: string, numRows: number, width: number): BufferRange => ({
    buffer: gpu.createStorage(label, numRows * width * 4),
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
      out: rows('attention.partial', partialRows, config.numHeads * maxChunks * sizes.headDim),
      stats: rows('attention.stats', partialRows, config.numHeads * maxChunks * 2),
    },
    named: new Map(Object.entries(config.buffers).flatMap(([name, shape]) => namedBuffers(gpu, name, shape, maxRows))),
    pooled: rows('pooled', config.encoder === undefined ? 0 : logits.numRows, padded.hidden),
    headInput: rows('headInput', logits.numRows, padded.hidden),
    logits: Array.from({ length: logits.numSegments }, (_, i) => ({
      buffer: logitsBuffer,
      offsetBytes: i * segmentBytes,
      sizeBytes: segmentBytes,
    })),
    logitsBuffer,
  };
}

/** The whole, and its parts, which may be bound alone: each begins at a multiple of 256 bytes. */
function namedBuffers(
  gpu: Gpu,
  name: string,
  { width, parts = 1 }: NamedBuffer,
  maxRows: number,
): readonly (readonly [string, BufferRange])[] {
  const partBytes = partPitchBytes(width, maxRows);
  const buffer = gpu.createStorage(name, parts * partBytes);
  const ranges = Array.from(
    { length: parts },
    (_, i) => [`${name}[${String(i)}]`, { buffer, offsetBytes: i * partBytes, sizeBytes: partBytes }] as const,
  );
  return [[name, { buffer }], ...ranges];
}

/** Bytes from a part of a named buffer to the next. */
export function partPitchBytes(width: number, maxRows: number): number {
  return Math.ceil((maxRows * Math.ceil(width / 32) * 128) / 256) * 256;
}
