/**
 * A ByteSource over a file that a person chose or dropped: nothing is copied, every read goes to the file.
 * It does not know what the file is.
 */
import { checkRange } from './buffer-source.ts';
import type { ByteSource } from './byte-source.ts';
import { CacheError, throwIfAborted } from './errors.ts';

/** Reads reject with `SourceChanged` when the file was changed, moved or deleted since it was chosen. */
export function fileSource(file: Blob): ByteSource {
  return {
    sizeBytes: file.size,
    async read(offsetBytes, lengthBytes, signal) {
      throwIfAborted(signal);
      checkRange(offsetBytes, lengthBytes, file.size);
      const bytes = await readSlice(file.slice(offsetBytes, offsetBytes + lengthBytes));
      throwIfAborted(signal);
      if (bytes.length !== lengthBytes) throw changed();
      return bytes;
    },
  };
}

async function readSlice(slice: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await slice.arrayBuffer());
  } catch (cause) {
    throw changed({ cause });
  }
}

function changed(options?: ErrorOptions): CacheError {
  const message = 'The file can no longer be read: it was changed, moved or deleted. Choose it again.';
  return new CacheError('SourceChanged', message, options);
}
