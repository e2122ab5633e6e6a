/** The activation buffers of a model, one for each role, so that the padding of every row stays zero. */
import { paddedRowElements } from '../../shaders/blocks/block-type.ts';
import { EXPERT_TILE_WORDS, maxExpertTiles } from '../../shaders/experts/experts.ts';
import type { BufferRange, Gpu } from '../gpu/gpu.ts';
import type { ModelConfig, NamedBuffer } from './config.ts';
import type { Int8Rows } from './linear-dispatch.ts';
import type { ModelSizes } from './sizes.ts';

/** A pair is a row with one of the stacked matrices that it takes. */
export interface PairScratch {
  readonly ids: BufferRange; // [maxRows, numUsed] of matrices
  readonly pairs: BufferRange; // [maxRows * numUsed] of prompt rows, by id
  readonly tiles: BufferRange; // [maxTiles, 3]
}

/** Of multi-head latent attention: a pair is a row with a head. */
export interface LatentScratch extends PairScratch {
  readonly qLatent: BufferRange; // [maxRows, padded rank]
  readonly q: BufferRange; // [pairs, plain and rotated elements]
  readonly kv: BufferRange; // [maxRows, padded latent and rotated elements]
  readonly absorbed: BufferRange; // [pairs, latent]
  readonly values: BufferRange; // [pairs, elements of a value]
}

/** Of a mixture of experts: a pair is a row with one of its experts. */
export interface ExpertScratch extends PairScratch {
  readonly logits: BufferRange; // [maxRows, logitsStride]
  readonly logitsStride: number;
  readonly weights: BufferRange; // [maxRows, numUsed + 1], the last the shared expert's
  readonly gateUp: BufferRange; // [pairs, 2, experts.ffn]
  readonly activated: BufferRange; // [pairs, experts.ffn]
  readonly out: BufferRange; // [pairs, padded.hidden]
  readonly shared: BufferRange; // [maxRows, padded.hidden] of the shared expert
}

export interface Scratch {
  readonly hidden: BufferRange; // [maxRows, padded.hidden] the residual stream
  readonly normed: BufferRange; // [maxRows, padded.hidden]
  readonly qkv: BufferRange; // [maxRows, padded.qkv]
  readonly q: BufferRange; // [maxRows, padded.q] rotated
  readonly attended: BufferRange; // [maxRows, padded.q]
  /** Of feed-forwards of any width up to this one, each with its own pitch. */
  readonly gateUp: BufferRange; // [maxRows, 2, padded.ffn]
  readonly activated: BufferRange; // [maxRows, padded.ffn]
  readonly experts: ExpertScratch | undefined;
  readonly latent: LatentScratch | undefined;
  readonly partial: { readonly out: BufferRange; readonly stats: BufferRange }; // [rows, numHeads, maxChunks, headDim | 2]
  /** Those that the configuration names; a whole with parts is [parts, maxRows, padded width]. */
  readonly named: ReadonlyMap<string, BufferRange>;
  /** Of encoders: a vector for each text. */
  readonly pooled: BufferRange; // [maxLogitRows, padded.hidden]
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
    experts: createExpertScratch(rows, config, sizes),
    latent: createLatentScratch(gpu, rows, config, sizes),
    partial: {
      out: rows('attention.partial', partialRows, config.numHeads * maxChunks * sizes.headDim),
      stats: rows('attention.stats', partialRows, config.numHeads * maxChunks * 2),
    },
    named: new Map(Object.entries(config.buffers).flatMap(([name, shape]) => namedBuffers(gpu, name, shape, maxRows))),
    pooled: rows('pooled', config.encoder === undefined ? 0 : logits.numRows, padded.hidden),
    headInput: rows('headInput', logits.numRows, padded.hidden),
    int8:
      sizes.precision === 'int8'
        ? {
            normed: int8Rows('normed.int8', maxRows, padded.hidden),
            block: int8Rows('block.int8', maxRows, sizes.widestInput),
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

function createExpertScratch(
  rows: CreateRows,
  config: ModelConfig,
  { maxRows, padded, experts }: ModelSizes,
): ExpertScratch | undefined {
  if (experts === undefined || config.experts === undefined) return undefined;
  const { numExperts, numUsed, sharedFfnSize } = config.experts;
  const numPairs = maxRows * numUsed;
  return {
    logits: rows('experts.logits', maxRows, experts.logits),
    logitsStride: experts.logits,
    weights: rows('experts.weights', maxRows, numUsed + 1),
    ...createPairs('experts', rows, maxRows, numExperts, numUsed),
    gateUp: rows('experts.gateUp', numPairs, 2 * experts.ffn),
    activated: rows('experts.activated', numPairs, experts.ffn),
    out: rows('experts.out', numPairs, padded.hidden),
    shared: rows('experts.shared', sharedFfnSize === 0 ? 0 : maxRows, padded.hidden),
  };
}

type CreateRows = (label: string, numRows: number, width: number) => BufferRange;

function createPairs(
  label: string,
  rows: CreateRows,
  maxRows: number,
  numStacked: number,
  numUsed: number,
): PairScratch {
  const numPairs = maxRows * numUsed;
  return {
    ids: rows(`${label}.ids`, maxRows, numUsed),
    pairs: rows(`${label}.pairs`, numPairs, 1),
    // Of the variant with the smallest tiles.
    tiles: rows(`${label}.tiles`, maxExpertTiles(numPairs, numStacked, 'rows'), EXPERT_TILE_WORDS),
  };
}

function createLatentScratch(
  gpu: Gpu,
  rows: CreateRows,
  { latent, numHeads }: ModelConfig,
  { maxRows }: ModelSizes,
): LatentScratch | undefined {
  if (latent === undefined) return undefined;
  const { queryRank, rank, plainDim, ropeDim, valueDim } = latent;
  const numPairs = maxRows * numHeads;
  const pairs = createPairs('latent', rows, maxRows, numHeads, numHeads);
  // Every row takes all heads.
  gpu.device.queue.writeBuffer(
    pairs.ids.buffer,
    0,
    Uint32Array.from({ length: numPairs }, (_, pair) => pair % numHeads),
  );
  return {
    ...pairs,
    qLatent: rows('latent.qLatent', maxRows, paddedRowElements(queryRank)),
    q: rows('latent.q', numPairs, plainDim + ropeDim),
    kv: rows('latent.kv', maxRows, paddedRowElements(rank + ropeDim)),
    absorbed: rows('latent.absorbed', numPairs, rank),
    values: rows('latent.values', numPairs, valueDim),
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
