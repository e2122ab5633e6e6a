/**
 * A ByteSource over bytes that are in memory: tests, and models that were made on the spot.
 */
import type { ByteSource } from './byte-source.ts';
import { CacheError, throwIfAborted } from './errors.ts';

export function bufferSource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    async read(offsetBytes, lengthBytes, signal) {
      throwIfAborted(signal);
      checkRange(offsetBytes, lengthBytes, bytes.length);
      return Promise.resolve(new Uint8Array(bytes.subarray(offsetBytes, offsetBytes + lengthBytes)));
    },
  };
}

/** Throws `InvalidRequest` when a read goes beyond the source: a fault of the caller. */
export function checkRange(offsetBytes: number, lengthBytes: number, sizeBytes: number): void {
  const whole = Number.isSafeInteger(offsetBytes) && Number.isSafeInteger(lengthBytes);
  if (whole && offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes + lengthBytes <= sizeBytes) return;
  throw new CacheError(
    'InvalidRequest',
    `Bytes ${String(offsetBytes)} to ${String(offsetBytes + lengthBytes)} were asked of a file of ${String(sizeBytes)}.`,
  );
}
