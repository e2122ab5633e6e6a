/**
 * The way in: from a source to an open model whose bytes can be read at once, whether they are stored, on their way, or
 * not asked for yet. Composes hub, store and download; it knows nothing of what is in the file.
 */
import type { ByteSource } from './byte-source.ts';
import { StoredFile } from './chunk-sink.ts';
import { openDownload, resumeDownload, type Download } from './download.ts';
import { CacheError, abortedError, throwIfAborted } from './errors.ts';
import type { CacheHost } from './host.ts';
import { CHUNK_BYTES, Layout } from './layout.ts';
import { differ, emptyManifest, hasChunk, isComplete, storedBytes, type Manifest } from './manifest.ts';
import { ModelFile } from './model-file.ts';
import { sourceKey, type CachedSource, type RemoteSource } from './model-reference.ts';
import { storageError, type ModelStore } from './model-store.ts';
import { baseName } from './pick-file.ts';
import { ProgressMeter, type CacheProgress } from './progress.ts';
import { freeBytes, type StorageHost } from './quota.ts';
import { resolveHub, type ResolvedFile } from './resolve.ts';

export interface CacheDeps {
  readonly host: CacheHost;
  readonly store: ModelStore;
  readonly storage: StorageHost;
}

export interface OpenModelOptions {
  /** Keep the file in the store. Default true; with `headerOnly` false. */
  readonly keep?: boolean;
  /** Fetch only what is read (in steps of 2 MiB), until `startDownload` is called. */
  readonly headerOnly?: boolean;
  /** Aborts the opening and all that follows; the same as `close`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CacheProgress) => void;
  /** For tests: `CHUNK_BYTES` otherwise. Of a file that is partly stored, its own counts. */
  readonly chunkBytes?: number;
  /** Requests at a time; default 4. */
  readonly numParallel?: number;
}

export interface OpenModel {
  /** Identity in the store; undefined when the file is not kept. */
  readonly id: string | undefined;
  readonly name: string;
  readonly url: string;
  /** May be read at once; what is read jumps the download's queue. */
  readonly source: ByteSource;
  /** Bytes that were in the store when the model was opened. */
  readonly cachedBytes: number;
  /** True when all of them were: then nothing is requested. */
  readonly complete: boolean;
  /** Why the file is not kept although it was to be: `StorageFull` or `StorageUnavailable`. May come up at any time. */
  readonly storageProblem: CacheError | undefined;
  /**
   * Resolves when nothing more is going to be fetched unasked: every chunk is stored, or, for a file that is not kept,
   * at once. Rejects with `NetworkFailed`, `HttpFailed`, `SourceChanged`, or `Aborted` after `close`. May be ignored.
   */
  readonly done: Promise<void>;
  /** Ends `headerOnly`. */
  startDownload(): void;
  /** Ends all requests and reads; resolves when the store has what was on its way there. */
  close(): Promise<void>;
}

/** What is known of a source before any byte of it is fetched. */
interface Located {
  readonly file: ResolvedFile;
  readonly key: string;
  readonly id: string | undefined;
  readonly manifest: Manifest | undefined;
}

/**
 * Throws `InvalidRequest`, `RepositoryNotFound`, `NetworkFailed`, `HttpFailed`, `SourceChanged` (the outdated part has
 * then been removed), `Aborted`. Trouble with the store is no error: see `storageProblem`.
 */
export async function openModel(
  source: RemoteSource | CachedSource,
  options: OpenModelOptions,
  deps: CacheDeps,
): Promise<OpenModel> {
  const closing = new AbortController();
  const signal = options.signal === undefined ? closing.signal : AbortSignal.any([options.signal, closing.signal]);
  try {
    return await new Opening(options, deps, closing, signal).open(source);
  } catch (error) {
    closing.abort();
    throw options.signal?.aborted === true ? abortedError() : error;
  }
}

/** One call of `openModel`. */
class Opening {
  readonly #options: OpenModelOptions;
  readonly #deps: CacheDeps;
  readonly #closing: AbortController;
  readonly #signal: AbortSignal;
  #problem: CacheError | undefined;

  constructor(options: OpenModelOptions, deps: CacheDeps, closing: AbortController, signal: AbortSignal) {
    this.#options = options;
    this.#deps = deps;
    this.#closing = closing;
    this.#signal = signal;
  }

  async open(source: RemoteSource | CachedSource): Promise<OpenModel> {
    throwIfAborted(this.#signal);
    const known = await this.#findStored(source);
    if (known !== undefined && isComplete(known)) return this.#openStored(known);
    const located = await this.#locate(source, known);
    const { manifest } = located;
    if (manifest !== undefined && isComplete(manifest)) return this.#openStored(manifest);
    return this.#openRemote(located);
  }

  /** A file that was asked for in the same way before. No request is made. */
  async #findStored(source: RemoteSource | CachedSource): Promise<Manifest | undefined> {
    if (source.kind === 'cached') {
      const manifest = await this.#deps.store.find(source.id);
      if (manifest !== undefined) return manifest;
      throw new CacheError('InvalidRequest', 'This model is not stored any more; load it from its address again.');
    }
    const key = sourceKey(source);
    return this.#tryStore(async (store) => {
      if (source.kind === 'url') return store.find(await idOf(key));
      const manifests = (await store.list()).filter(({ sourceKeys }) => sourceKeys.includes(key));
      return manifests.find(isComplete) ?? manifests[0];
    });
  }

  async #locate(source: RemoteSource | CachedSource, known: Manifest | undefined): Promise<Located> {
    const file = await this.#resolve(source, known);
    const key = source.kind === 'cached' ? file.url : sourceKey(source);
    const id = await this.#tryStore(() => idOf(file.url));
    const manifest = await this.#tryStore(async (store) => (id === undefined ? undefined : store.find(id)));
    if (manifest === undefined) return { file, key, id, manifest };
    const listed = file.contentId === undefined ? {} : { contentId: file.contentId };
    const isOfSize = file.sizeBytes === undefined || file.sizeBytes === manifest.sizeBytes;
    if (!isOfSize || differ(manifest.validators, listed)) {
      // What is there can never be completed; a complete one is still a good model.
      if (!isComplete(manifest)) await this.#tryStore((store) => store.delete(manifest.id));
      return { file, key, id, manifest: isComplete(manifest) ? manifest : undefined };
    }
    return { file, key, id, manifest };
  }

  async #resolve(source: RemoteSource | CachedSource, known: Manifest | undefined): Promise<ResolvedFile> {
    if (source.kind === 'huggingFace') return resolveHub(source, this.#deps.host, this.#signal);
    const url = source.kind === 'url' ? source.url : (known?.url ?? '');
    if (!URL.canParse(url))
      throw new CacheError('InvalidRequest', `"${url}" is no URL; give one that begins with https://.`);
    const fileName = decodeURIComponent(baseName(new URL(url).pathname)) || new URL(url).host;
    return { url, sizeBytes: undefined, contentId: undefined, fileName };
  }

  async #openStored(manifest: Manifest): Promise<OpenModel> {
    await this.#touch(manifest);
    const layout = new Layout(manifest.sizeBytes, manifest.chunkBytes);
    const file = this.#modelFile(layout, manifest, new StoredFile(this.#deps.store, manifest, true), true, true);
    file.start();
    return this.#model(manifest.id, manifest, file, manifest);
  }

  async #openRemote({ file, key, id, manifest }: Located): Promise<OpenModel> {
    const { host, store } = this.#deps;
    const download = await this.#openDownload(file, manifest);
    const validators = { ...download.validators, ...(file.contentId !== undefined && { contentId: file.contentId }) };
    const chunkBytes = manifest?.chunkBytes ?? this.#options.chunkBytes ?? CHUNK_BYTES;
    const { sizeBytes } = download;
    const isNew = {
      id: id ?? '',
      name: file.fileName,
      url: file.url,
      sourceKeys: [key],
      validators,
      sizeBytes,
      chunkBytes,
    };
    const kept = manifest ?? emptyManifest({ ...isNew, lastUsedMs: host.nowMs() });
    if (manifest !== undefined) await this.#touch(manifest, key);
    const keeps = id !== undefined && (await this.#mayKeep(sizeBytes - storedBytes(kept)));
    const sink =
      this.#problem === undefined || manifest !== undefined
        ? new StoredFile(store, kept, manifest !== undefined)
        : undefined;
    const target = this.#modelFile(new Layout(sizeBytes, chunkBytes), kept, sink, keeps, download.hasRanges);
    this.#run(download, target, keeps || manifest !== undefined ? id : undefined);
    if (this.#options.headerOnly !== true) target.start();
    return this.#model(keeps ? id : undefined, kept, target, kept);
  }

  async #openDownload(file: ResolvedFile, manifest: Manifest | undefined): Promise<Download> {
    const { numParallel, chunkBytes = CHUNK_BYTES } = this.#options;
    const { url, sizeBytes } = file;
    const common = { url, ...(numParallel !== undefined && { numParallel }) };
    if (manifest === undefined) {
      return openDownload(this.#deps.host, { ...common, sizeBytes, validators: {}, chunkBytes }, this.#signal);
    }
    return resumeDownload(this.#deps.host, { ...common, ...manifest, url });
  }

  /** Fetches in the background; what goes wrong is told by the target. `id`: of what the store may have of the file. */
  #run(download: Download, target: ModelFile, id: string | undefined): void {
    const onAbort = (): void => {
      target.fail(abortedError());
    };
    this.#signal.addEventListener('abort', onAbort, { once: true });
    const running = download.run(target, this.#signal, () => {
      target.setNoRanges();
    });
    running.catch(async (error: unknown) => {
      if (error instanceof CacheError && error.name === 'SourceChanged' && id !== undefined) {
        await this.#tryStore((store) => store.delete(id));
      }
      const failure =
        error instanceof CacheError ? error : new CacheError('NetworkFailed', String(error), { cause: error });
      target.fail(failure);
    });
  }

  #modelFile(
    layout: Layout,
    manifest: Manifest,
    sink: StoredFile | undefined,
    keeps: boolean,
    hasRanges: boolean,
  ): ModelFile {
    const { onProgress } = this.#options;
    const { host } = this.#deps;
    const meter = new ProgressMeter(
      () => host.nowMs(),
      layout.sizeBytes,
      storedBytes(manifest),
      (progress) => onProgress?.(progress),
    );
    const isStored = (chunk: number): boolean => hasChunk(manifest, chunk);
    const onStorageProblem = (error: CacheError): void => {
      this.#problem ??= error;
    };
    return new ModelFile({ layout, meter, sink, keeps, isStored, hasRanges, onStorageProblem });
  }

  #model(id: string | undefined, of: Manifest, file: ModelFile, at: Manifest): OpenModel {
    const done = file.settled();
    done.catch(() => undefined); // it may be ignored
    const problem = (): CacheError | undefined => this.#problem;
    const closing = this.#closing;
    return {
      id,
      name: of.name,
      url: of.url,
      source: file,
      cachedBytes: storedBytes(at),
      complete: isComplete(at),
      get storageProblem() {
        return problem();
      },
      done,
      startDownload: () => {
        file.start();
      },
      close: async () => {
        closing.abort();
        await file.storeIdle();
      },
    };
  }

  /** Whether to keep `missingBytes` more. */
  async #mayKeep(missingBytes: number): Promise<boolean> {
    const { keep = this.#options.headerOnly !== true } = this.#options;
    if (!keep || this.#problem !== undefined) return false;
    const free = await freeBytes(this.#deps.storage);
    if (free === undefined || free >= missingBytes) return true;
    const [missing, room] = [missingBytes, free].map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`);
    const message = `The model needs ${missing ?? ''} more and the browser gives ${room ?? ''}: it runs, but is not kept. Delete a model to make room.`;
    this.#problem = new CacheError('StorageFull', message);
    return false;
  }

  /** Remembers that the file was used, and how it was asked for. */
  async #touch(manifest: Manifest, key?: string): Promise<void> {
    const lastUsedMs = this.#deps.host.nowMs();
    await this.#tryStore((store) =>
      store.update(manifest.id, (now) => {
        const sourceKeys = key === undefined ? now.sourceKeys : [...new Set([...now.sourceKeys, key])];
        return { ...now, lastUsedMs, sourceKeys };
      }),
    );
  }

  /** A store that does not work is remembered, and done without. */
  async #tryStore<T>(work: (store: ModelStore) => Promise<T>): Promise<T | undefined> {
    if (this.#problem !== undefined) return undefined;
    try {
      return await work(this.#deps.store);
    } catch (error) {
      this.#problem = storageError(error);
      return undefined;
    }
  }
}

async function idOf(url: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(url));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
