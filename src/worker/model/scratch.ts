/** The activation buffers of a model, one for each role, so that the padding of every row stays zero. */
import { EXPERT_TILE_WORDS, maxExpertTiles } from '../../shaders/experts/experts.ts';
import type { BufferRange, Gpu } from '../gpu/gpu.ts';
import type { ModelConfig } from './config.ts';
import type { ModelSizes } from './sizes.ts';

/** Of a mixture of experts; a pair is a row with one of its experts. */
export interface ExpertScratch {
  readonly logits: BufferRange; // [maxRows, logitsStride]
  readonly logitsStride: number;
  readonly ids: BufferRange; // [maxRows, numUsed]
  readonly weights: BufferRange; // [maxRows, numUsed + 1], the last the shared expert's
  readonly pairs: BufferRange; // [maxRows * numUsed] of prompt rows, by expert
  readonly tiles: BufferRange; // [maxTiles, 3]
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
  readonly partial: { readonly out: BufferRange; readonly stats: BufferRange }; // [rows, numHeads, maxChunks, headDim | 2]
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
    experts: createExpertScratch(rows, config, sizes),
    partial: {
      out: rows('attention.partial', partialRows, config.numHeads * maxChunks * config.headDim),
      stats: rows('attention.stats', partialRows, config.numHeads * maxChunks * 2),
    },
    headInput: rows('headInput', logits.numRows, padded.hidden),
    logits: Array.from({ length: logits.numSegments }, (_, i) => ({
      buffer: logitsBuffer,
      offsetBytes: i * segmentBytes,
      sizeBytes: segmentBytes,
    })),
    logitsBuffer,
  };
}

function createExpertScratch(
  rows: (label: string, numRows: number, width: number) => BufferRange,
  config: ModelConfig,
  { maxRows, padded, experts }: ModelSizes,
): ExpertScratch | undefined {
  if (experts === undefined || config.experts === undefined) return undefined;
  const { numExperts, numUsed, sharedFfnSize } = config.experts;
  const numPairs = maxRows * numUsed;
  return {
    logits: rows('experts.logits', maxRows, experts.logits),
    logitsStride: experts.logits,
    ids: rows('experts.ids', maxRows, numUsed),
    weights: rows('experts.weights', maxRows, numUsed + 1),
    pairs: rows('experts.pairs', numPairs, 1),
    // Of the variant with the smallest tiles.
    tiles: rows('experts.tiles', maxExpertTiles(numPairs, numExperts, 'rows'), EXPERT_TILE_WORDS),
    gateUp: rows('experts.gateUp', numPairs, 2 * experts.ffn),
    activated: rows('experts.activated', numPairs, experts.ffn),
    out: rows('experts.out', numPairs, padded.hidden),
    shared: rows('experts.shared', sharedFfnSize === 0 ? 0 : maxRows, padded.hidden),
  };
}
