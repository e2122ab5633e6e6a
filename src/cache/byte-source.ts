/**
 * The one thing the rest of the runtime knows of a model file: its size, and a way to read a range of it.
 * It does not say whether the bytes lie in IndexedDB, in a File, on a disk or are still on their way.
 */
export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * Resolves with exactly `lengthBytes` bytes at `offsetBytes`, as soon as they are there (a download may still be
   * running). The array is the caller's to keep. Rejects with a named error, or `Aborted`.
   */
  read(offsetBytes: number, lengthBytes: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}
