/**
 * A ByteSource over a file on disk, for the tools that run in Node. It does not know what the file is.
 */
import { open } from 'node:fs/promises';
import { checkRange } from '../../src/cache/buffer-source.ts';
import type { ByteSource } from '../../src/cache/byte-source.ts';
import { throwIfAborted } from '../../src/cache/errors.ts';

export interface NodeFileSource extends ByteSource {
  /** Gives the file back to the system; reads afterwards reject. */
  close(): Promise<void>;
}

/** Opens the file at `path`; rejects with Node's own error when there is none. */
export async function nodeFileSource(path: string): Promise<NodeFileSource> {
  const file = await open(path, 'r');
  const sizeBytes = (await file.stat()).size;
  return {
    sizeBytes,
    async read(offsetBytes, lengthBytes, signal) {
      throwIfAborted(signal);
      checkRange(offsetBytes, lengthBytes, sizeBytes);
      const bytes = new Uint8Array(lengthBytes);
      let done = 0;
      while (done < lengthBytes) {
        const { bytesRead } = await file.read(bytes, done, lengthBytes - done, offsetBytes + done);
        if (bytesRead === 0) throw new Error(`${path} has become shorter than ${String(sizeBytes)} bytes.`);
        done += bytesRead;
      }
      throwIfAborted(signal);
      return bytes;
    },
    close: () => file.close(),
  };
}
