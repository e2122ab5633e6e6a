/**
 * How a file is cut: into chunks, the unit of what is stored, and each chunk into segments, the unit of what one request
 * asks for. Segments are smaller so that a download cut off anywhere loses little: with four requests in flight no more
 * than about one chunk is incomplete. Pure arithmetic; it knows no network and no store.
 */
import { CacheError } from './errors.ts';

/** 8 MiB: large enough that IndexedDB is not the bottleneck, small enough that a few fit in any phone's memory. */
export const CHUNK_BYTES = 8 * 1024 * 1024;
export const SEGMENTS_PER_CHUNK = 4;

/** Byte positions; `end` is one past the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export class Layout {
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  readonly segmentBytes: number;
  readonly numChunks: number;
  readonly numSegments: number;

  constructor(sizeBytes: number, chunkBytes: number) {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
      throw new CacheError('HttpFailed', `The file has ${String(sizeBytes)} bytes; check that its address is right.`);
    }
    this.sizeBytes = sizeBytes;
    this.chunkBytes = chunkBytes;
    this.segmentBytes = segmentBytesOf(chunkBytes);
    this.numChunks = Math.ceil(sizeBytes / chunkBytes);
    this.numSegments = Math.ceil(sizeBytes / this.segmentBytes);
  }

  chunk(index: number): Span {
    const start = index * this.chunkBytes;
    return { start, end: Math.min(start + this.chunkBytes, this.sizeBytes) };
  }

  segment(index: number): Span {
    const start = index * this.segmentBytes;
    return { start, end: Math.min(start + this.segmentBytes, this.sizeBytes) };
  }

  chunkAt(offsetBytes: number): number {
    return Math.floor(offsetBytes / this.chunkBytes);
  }

  segmentAt(offsetBytes: number): number {
    return Math.floor(offsetBytes / this.segmentBytes);
  }

  chunkOfSegment(segment: number): number {
    return Math.floor(segment / SEGMENTS_PER_CHUNK);
  }

  /** Segment numbers of a chunk; `end` is one past the last. */
  segmentsOfChunk(chunk: number): Span {
    const start = chunk * SEGMENTS_PER_CHUNK;
    return { start, end: Math.min(start + SEGMENTS_PER_CHUNK, this.numSegments) };
  }
}

export function segmentBytesOf(chunkBytes: number): number {
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes <= 0 || chunkBytes % SEGMENTS_PER_CHUNK !== 0) {
    throw new CacheError('InvalidRequest', `A chunk must be a multiple of ${String(SEGMENTS_PER_CHUNK)} bytes.`);
  }
  return chunkBytes / SEGMENTS_PER_CHUNK;
}
