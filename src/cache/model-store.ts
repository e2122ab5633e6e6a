/**
 * Model files in IndexedDB: each file's own bytes in fixed chunks as Blobs, under a manifest. A chunk and the manifest
 * that claims it are written in one transaction, so that no crash leaves a claim without bytes. It knows nothing of
 * networks, or of what is in a file.
 *
 * Keys: ['manifest', id], ['chunk', id, index] and, for small records beside the models, ['record', name].
 */
import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';
import { CacheError } from './errors.ts';
import { hasChunk, isSameVersion, parseManifest, withChunk, type Manifest } from './manifest.ts';
import type { RecordStore } from './record-store.ts';

const MANIFESTS = keysUnder('manifest');

/** IDBKeyRange is missing where IndexedDB is; it must not be touched before it is needed. */
function keysUnder(...prefix: readonly string[]): () => IDBKeyRange {
  // An array sorts after every string, so [...prefix, []] lies behind all keys that begin with the prefix.
  return () => IDBKeyRange.bound([...prefix], [...prefix, []]);
}

export class ModelStore implements RecordStore {
  readonly #useStore: UseStore;

  constructor(databaseName = 'linnet-models') {
    this.#useStore = createStore(databaseName, 'files');
  }

  /** The manifests of all files. What is no manifest of this version is removed, and its chunks with it. */
  async list(): Promise<readonly Manifest[]> {
    const keys = await this.#run('readonly', (store) => promisifyRequest(store.getAllKeys(MANIFESTS())));
    const manifests: Manifest[] = [];
    for (const key of keys) {
      const id: unknown = Array.isArray(key) ? key[1] : undefined;
      if (typeof id !== 'string') continue;
      const manifest = await this.find(id);
      if (manifest !== undefined) manifests.push(manifest);
    }
    return manifests;
  }

  /** The manifest of `id`. One that is damaged, or of another version, is removed with its chunks: undefined. */
  async find(id: string): Promise<Manifest | undefined> {
    const value: unknown = await this.#run('readonly', (store) => promisifyRequest(store.get(['manifest', id])));
    if (value === undefined) return undefined;
    const manifest = parseManifest(value);
    if (manifest?.id === id) return manifest;
    await this.delete(id);
    return undefined;
  }

  /**
   * Makes sure that there is a manifest for this version of the file: one that is there is left as it is; one of
   * another version is replaced, and its chunks removed.
   */
  async ensure(manifest: Manifest): Promise<void> {
    await this.#run('readwrite', async (store) => {
      const present = parseManifest(await promisifyRequest<unknown>(store.get(['manifest', manifest.id])));
      const committed = completion(store.transaction);
      if (present === undefined || !isSameVersion(present, manifest)) {
        store.delete(keysUnder('chunk', manifest.id)());
        store.put(manifest, ['manifest', manifest.id]);
      }
      await committed;
    });
  }

  /** Changes a manifest that is there; false when it is not (somebody deleted the file). */
  async update(id: string, change: (manifest: Manifest) => Manifest): Promise<boolean> {
    return this.#change(id, (store, manifest) => {
      store.put(change(manifest), ['manifest', id]);
      return true;
    });
  }

  /**
   * Stores a chunk and claims it, together or not at all. False when there is no manifest of this version any more:
   * somebody else deleted the file, or began another version of it. Then nothing is written. Throws `StorageFull`.
   */
  async putChunk(of: Manifest, index: number, bytes: Blob): Promise<boolean> {
    return this.#change(of.id, (store, manifest) => {
      if (!isSameVersion(manifest, of)) return false;
      store.put(bytes, ['chunk', of.id, index]);
      store.put(withChunk(manifest, index, true), ['manifest', of.id]);
      return true;
    });
  }

  /** The chunk's bytes. Undefined when they are not there, or not all of them; the manifest then no longer claims them. */
  async chunk(manifest: Manifest, index: number): Promise<Blob | undefined> {
    const { id, sizeBytes, chunkBytes } = manifest;
    const value: unknown = await this.#run('readonly', (store) => promisifyRequest(store.get(['chunk', id, index])));
    if (value instanceof Blob && value.size === Math.min(chunkBytes, sizeBytes - index * chunkBytes)) return value;
    await this.disclaim(id, index);
    return undefined;
  }

  /** Takes a chunk back out of the manifest, so that the next load fetches it again. */
  async disclaim(id: string, index: number): Promise<void> {
    await this.update(id, (manifest) => (hasChunk(manifest, index) ? withChunk(manifest, index, false) : manifest));
  }

  async delete(id: string): Promise<void> {
    await this.#write((store) => {
      store.delete(['manifest', id]);
      store.delete(keysUnder('chunk', id)());
    });
  }

  async readRecord(name: string): Promise<unknown> {
    return this.#run('readonly', (store) => promisifyRequest<unknown>(store.get(['record', name])));
  }

  async writeRecord(name: string, value: unknown): Promise<void> {
    await this.#write((store) => {
      store.put(value, ['record', name]);
    });
  }

  /** Reads the manifest and writes in one transaction, so that two tabs lose none of each other's chunks. */
  async #change(id: string, write: (store: IDBObjectStore, manifest: Manifest) => boolean): Promise<boolean> {
    return this.#run('readwrite', async (store) => {
      const manifest = parseManifest(await promisifyRequest<unknown>(store.get(['manifest', id])));
      const committed = completion(store.transaction);
      const written = manifest !== undefined && write(store, manifest);
      await committed;
      return written;
    });
  }

  async #write(write: (store: IDBObjectStore) => void): Promise<void> {
    await this.#run('readwrite', (store) => {
      write(store);
      return completion(store.transaction);
    });
  }

  async #run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => PromiseLike<T>): Promise<T> {
    try {
      return await this.#useStore(mode, work);
    } catch (error) {
      throw storageError(error);
    }
  }
}

/** Not idb-keyval's promisifyRequest: that rejects on a bubbling error event, before the transaction knows why it failed. */
function completion(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => {
      resolve();
    };
    transaction.onabort = () => {
      reject(transaction.error ?? new Error('The transaction was aborted.'));
    };
  });
}

/** What IndexedDB threw, by its name in the closed list. */
export function storageError(error: unknown): CacheError {
  if (error instanceof CacheError) return error;
  if (error instanceof Error && error.name === 'QuotaExceededError') {
    return new CacheError('StorageFull', 'The browser has no more room for this site; delete a model and try again.', {
      cause: error,
    });
  }
  return new CacheError(
    'StorageUnavailable',
    'This browser does not let the page store files (a private window, or storage is blocked); models are not kept.',
    { cause: error },
  );
}
