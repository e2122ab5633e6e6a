/**
 * Where whole chunks go, and come back from: the store, or memory that is not JavaScript's own. It knows nothing of how
 * they were fetched.
 */
import { CacheError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import type { ModelStore } from './model-store.ts';

export interface ChunkSink {
  /** Throws `StorageFull` or `StorageUnavailable`; the chunk is then not there. */
  put(chunk: number, bytes: Blob): Promise<void>;
  /** Throws `CacheCorrupt` when the chunk is not there any more. */
  get(chunk: number): Promise<Blob>;
}

/** A file in the store. Its manifest is written with the first chunk, unless it is there already. */
export class StoredFile implements ChunkSink {
  readonly #store: ModelStore;
  readonly #manifest: Manifest;
  /** Settles when the store has the manifest; undefined before the first chunk of a new file. */
  #ensured: Promise<void> | undefined;

  /** `manifest` is what the store has (`exists`), or what it is to get. */
  constructor(store: ModelStore, manifest: Manifest, exists: boolean) {
    this.#store = store;
    this.#manifest = manifest;
    this.#ensured = exists ? Promise.resolve() : undefined;
  }

  async put(chunk: number, bytes: Blob): Promise<void> {
    this.#ensured ??= this.#store.ensure(this.#manifest);
    await this.#ensured;
    if (await this.#store.putChunk(this.#manifest, chunk, bytes)) return;
    throw new CacheError('StorageUnavailable', 'The model was deleted while it was loading; load it again to keep it.');
  }

  async get(chunk: number): Promise<Blob> {
    const blob = await this.#store.chunk(this.#manifest, chunk);
    if (blob !== undefined) return blob;
    const message = `Part ${String(chunk)} of ${this.#manifest.name} is missing from the store; load the model again to fetch it.`;
    throw new CacheError('CacheCorrupt', message);
  }
}

/**
 * Chunks as Blobs, which browsers keep outside of the page's memory, and large ones on the disk. For servers without
 * ranges when nothing can be stored: a chunk let go there would cost the whole file again.
 */
export class Spool implements ChunkSink {
  readonly #blobs = new Map<number, Blob>();
  readonly #behind: ChunkSink | undefined;

  /** `behind` holds the chunks that were stored before the store was full. */
  constructor(behind?: ChunkSink) {
    this.#behind = behind;
  }

  put(chunk: number, bytes: Blob): Promise<void> {
    this.#blobs.set(chunk, bytes);
    return Promise.resolve();
  }

  async get(chunk: number): Promise<Blob> {
    const blob = this.#blobs.get(chunk) ?? (await this.#behind?.get(chunk));
    if (blob === undefined) throw new CacheError('CacheCorrupt', 'A part of the file is gone; load the model again.');
    return blob;
  }
}
