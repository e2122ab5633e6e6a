/**
 * The chunks that are in memory: being filled, waiting to be stored, or kept a little while for readers. Each segment
 * fills from its beginning, so that a broken request is taken up where it stopped. Synchronous bookkeeping of bytes; it
 * knows no network and no store.
 */
import type { Layout, Span } from './layout.ts';

export class ChunkBuffers {
  readonly #layout: Layout;
  /** Oldest first. chunk -> [bytes of the chunk] */
  readonly #buffers = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #filledBytes: number[]; // [numSegments]
  /** The most that was ever there, so that nothing counts twice as new. */
  readonly #seenBytes: number[]; // [numSegments]
  /** chunk -> number of readers that still want it. */
  readonly #pins = new Map<number, number>();

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#filledBytes = new Array<number>(layout.numSegments).fill(0);
    this.#seenBytes = new Array<number>(layout.numSegments).fill(0);
  }

  filledBytes(segment: number): number {
    return this.#filledBytes[segment] ?? 0;
  }

  isFull(segment: number): boolean {
    const { start, end } = this.#layout.segment(segment);
    return this.filledBytes(segment) === end - start;
  }

  /**
   * Puts the part of `piece` (which begins at `offsetBytes` of the file) that lies in `segment` behind what the segment
   * has; what it has already is passed over. Returns how many bytes had never been there before.
   */
  fill(segment: number, offsetBytes: number, piece: Uint8Array): number {
    const { start, end } = this.#layout.segment(segment);
    const from = start + this.filledBytes(segment);
    const to = Math.min(end, offsetBytes + piece.length);
    if (to <= from) return 0;
    if (offsetBytes > from)
      throw new RangeError(`A piece at ${String(offsetBytes)} leaves a gap after ${String(from)}.`);
    const chunk = this.#layout.chunkOfSegment(segment);
    const chunkStart = this.#layout.chunk(chunk).start;
    this.#buffer(chunk).set(piece.subarray(from - offsetBytes, to - offsetBytes), from - chunkStart);
    this.#filledBytes[segment] = to - start;
    const seen = this.#seenBytes[segment] ?? 0;
    this.#seenBytes[segment] = Math.max(seen, to - start);
    return Math.max(0, to - start - seen);
  }

  /** Copies the bytes of `span`, which lies in one chunk, to `out` at `at`. The caller knows that they are there. */
  copy(span: Span, out: Uint8Array, at: number): void {
    const chunk = this.#layout.chunkAt(span.start);
    const { start } = this.#layout.chunk(chunk);
    out.set(this.#buffer(chunk).subarray(span.start - start, span.end - start), at);
  }

  toBlob(chunk: number): Blob {
    return new Blob([this.#buffer(chunk)]);
  }

  drop(chunk: number): void {
    this.#buffers.delete(chunk);
    const { start, end } = this.#layout.segmentsOfChunk(chunk);
    this.#filledBytes.fill(0, start, end);
  }

  /** While a reader has it pinned, a chunk is not offered by `evictable`. */
  pin(chunk: number): void {
    this.#pins.set(chunk, (this.#pins.get(chunk) ?? 0) + 1);
  }

  unpin(chunk: number): void {
    const pins = (this.#pins.get(chunk) ?? 0) - 1;
    if (pins > 0) this.#pins.set(chunk, pins);
    else this.#pins.delete(chunk);
  }

  /** The oldest chunks beyond `keep` that no reader wants. */
  evictable(keep: number): readonly number[] {
    const unpinned = [...this.#buffers.keys()].filter((chunk) => !this.#pins.has(chunk));
    return unpinned.slice(0, Math.max(0, unpinned.length - keep));
  }

  get bytes(): number {
    return [...this.#buffers.values()].reduce((sum, buffer) => sum + buffer.length, 0);
  }

  #buffer(chunk: number): Uint8Array<ArrayBuffer> {
    const known = this.#buffers.get(chunk);
    if (known !== undefined) return known;
    const { start, end } = this.#layout.chunk(chunk);
    const buffer = new Uint8Array(end - start);
    this.#buffers.set(chunk, buffer);
    return buffer;
  }
}
