/**
 * What tells one model file from another, without a second look at its weights: its directory and metadata, and a few bytes of every
 * tensor, noted as they are read for the upload. In whatever pieces they are read, the fingerprint is the same. Knows no models.
 */
import type { ByteSource } from '../../cache/byte-source.ts';
import { hex, sha256 } from '../sessions/checksum.ts';
import type { GgufFile } from './gguf-file.ts';

/** Noted of every tensor, from its start and from its middle on. */
const SAMPLE_BYTES = 32;

interface Sample {
  /** In the file. */
  readonly offsetBytes: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export class Fingerprint {
  readonly #file: GgufFile;
  /** Ascending. */
  readonly #samples: readonly Sample[];

  constructor(file: GgufFile) {
    this.#file = file;
    const starts = file.tensors.flatMap(({ offsetBytes, sizeBytes }) => {
      const length = Math.min(SAMPLE_BYTES, sizeBytes);
      return [0, Math.floor((sizeBytes - length) / 2)].map((at) => ({
        offsetBytes: offsetBytes + at,
        bytes: new Uint8Array(length),
      }));
    });
    this.#samples = starts.sort((one, other) => one.offsetBytes - other.offsetBytes);
  }

  /** The same source; what is read of it is noted. */
  noting(source: ByteSource): ByteSource {
    return {
      sizeBytes: source.sizeBytes,
      read: async (offsetBytes, lengthBytes, signal) => {
        const bytes = await source.read(offsetBytes, lengthBytes, signal);
        this.#note(offsetBytes, bytes);
        return bytes;
      },
    };
  }

  /** To be asked for when the weights have been read; tensors that are never read count by their entry alone. */
  async digest(): Promise<string> {
    const { metadata, tensors } = this.#file;
    const entries = [...metadata.keys()].sort().map((key) => [key, metadata.raw(key)]);
    const header = JSON.stringify([entries, tensors], (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value,
    );
    const parts = [new TextEncoder().encode(header), ...this.#samples.map(({ bytes }) => bytes)];
    return hex(await sha256(new Uint8Array(await new Blob(parts).arrayBuffer())));
  }

  #note(offsetBytes: number, bytes: Uint8Array): void {
    const end = offsetBytes + bytes.length;
    for (let i = this.#firstEndingBehind(offsetBytes); i < this.#samples.length; i++) {
      const sample = this.#samples[i];
      if (sample === undefined || sample.offsetBytes >= end) return;
      const from = Math.max(offsetBytes, sample.offsetBytes);
      const to = Math.min(end, sample.offsetBytes + sample.bytes.length);
      if (from < to) sample.bytes.set(bytes.subarray(from - offsetBytes, to - offsetBytes), from - sample.offsetBytes);
    }
  }

  /** Index of the first sample that may end behind a place. */
  #firstEndingBehind(offsetBytes: number): number {
    let [low, high] = [0, this.#samples.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const start = this.#samples[middle]?.offsetBytes ?? 0;
      if (start + SAMPLE_BYTES > offsetBytes) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
