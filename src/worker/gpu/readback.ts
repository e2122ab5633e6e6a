/**
 * A ring of mappable buffers through which small results come back: nothing is allocated per step. Knows nothing of
 * what the bytes mean.
 */
import { BUFFER_USAGE, MAP_MODE_READ } from './flags.ts';
import type { Gpu } from './gpu.ts';

/** Results that may be under way at a time. */
export const RING_SIZE = 3;

export class Readback {
  readonly #buffers: readonly GPUBuffer[];
  #next = 0;

  constructor(gpu: Gpu, label: string, sizeBytes: number) {
    this.#buffers = Array.from({ length: RING_SIZE }, (_, i) =>
      gpu.createBuffer(`${label}[${String(i)}]`, sizeBytes, BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST),
    );
  }

  /**
   * Records the copy of `sizeBytes` from the start of `source`; after the submit, call what this returns for the bytes.
   * At most `RING_SIZE` results may be under way at a time.
   */
  record(encoder: GPUCommandEncoder, source: GPUBuffer, sizeBytes: number): () => Promise<DataView> {
    const buffer = this.#buffers[this.#next];
    this.#next = (this.#next + 1) % RING_SIZE;
    if (buffer === undefined) throw new RangeError('the ring is empty');
    encoder.copyBufferToBuffer(source, 0, buffer, 0, sizeBytes);
    return async () => {
      await buffer.mapAsync(MAP_MODE_READ, 0, sizeBytes);
      const bytes = buffer.getMappedRange(0, sizeBytes).slice(0);
      buffer.unmap();
      return new DataView(bytes);
    };
  }
}
