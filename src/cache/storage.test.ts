/** Loads while the store is full, damaged, of another version, or not there. */
import 'fake-indexeddb/auto';
import { promisifyRequest, createStore } from 'idb-keyval';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { serveFile, type FileServer } from '../../tools/test-servers/serve-file.ts';
import { hasChunk } from './manifest.ts';
import { ModelStore, storageError } from './model-store.ts';
import { openModel, type OpenModel, type OpenModelOptions } from './open-model.ts';
import { difference, errorName, noise, testDeps, testHost, type TestDeps } from './testing/kit.ts';

const CHUNK = 64 * 1024;
const SIZE = 16 * CHUNK + 777;
const BYTES = noise(SIZE);

let server: FileServer;
beforeAll(async () => {
  server = await serveFile(BYTES, { etag: '"one"' });
});
afterAll(() => server.close());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  server.change({ etag: '"one"' });
});

function open(deps: TestDeps, options: OpenModelOptions = {}): Promise<OpenModel> {
  return openModel({ kind: 'url', url: server.url }, { chunkBytes: CHUNK, ...options }, deps);
}

async function readAll(model: OpenModel): Promise<string> {
  return difference(await model.source.read(0, SIZE), BYTES);
}

/** Reads in pieces as a loader does, and tells the most that was in memory meanwhile. */
async function readInPieces(model: OpenModel): Promise<{ found: string; heldBytes: number }> {
  let found = '';
  let heldBytes = 0;
  for (let offset = 0; offset < SIZE; offset += CHUNK / 2) {
    const bytes = await model.source.read(offset, Math.min(CHUNK / 2, SIZE - offset));
    found ||= difference(bytes, BYTES.subarray(offset, offset + CHUNK / 2));
    heldBytes = Math.max(heldBytes, 'heldBytes' in model.source ? Number(model.source.heldBytes) : NaN);
  }
  return { found, heldBytes };
}

describe('a file that is not kept', () => {
  it('is passed through in bounded memory, and what is read again is fetched again', async () => {
    const deps = testDeps();
    const model = await open(deps, { keep: false });
    await model.done;
    const { found, heldBytes } = await readInPieces(model);
    expect(found).toBe('');
    expect(heldBytes).toBeLessThanOrEqual(6 * CHUNK);
    expect(server.traffic.sentBytes).toBe(SIZE);
    expect(difference(await model.source.read(0, 10), BYTES.subarray(0, 10))).toBe('');
    expect(server.traffic.sentBytes).toBeGreaterThan(SIZE);
    expect([model.id, await deps.store.list()]).toEqual([undefined, []]);
    await model.close();
  });

  it('may be read as a whole at once', async () => {
    const model = await open(testDeps(), { keep: false });
    expect(await readAll(model)).toBe('');
    expect(await readAll(model)).toBe('');
    await model.close();
  });
});

describe('a browser without IndexedDB', () => {
  it('loads all the same, and says that nothing is kept', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const deps = testDeps();
    const model = await open(deps);
    await model.done;
    expect(await readAll(model)).toBe('');
    expect([model.id, model.storageProblem?.name]).toEqual([undefined, 'StorageUnavailable']);
    expect(await errorName(deps.store.list())).toBe('StorageUnavailable');
    await model.close();
  });
});

describe('a full disk', () => {
  it('that is known of beforehand is not begun to be filled', async () => {
    const deps = testDeps({ estimate: () => Promise.resolve({ usage: 900_000, quota: 1_000_000 }) });
    const model = await open(deps);
    expect(await readAll(model)).toBe('');
    expect(model.storageProblem?.name).toBe('StorageFull');
    expect(model.storageProblem?.message).toContain('needs 1 MB more');
    expect(await deps.store.list()).toEqual([]);
    await model.close();
  });

  it.each([true, false])('that shows in the midst of it: the rest is passed through (ranges: %s)', async (ranges) => {
    server.change({ etag: '"one"', ranges });
    const deps = testDeps();
    const putChunk = deps.store.putChunk.bind(deps.store);
    let numPut = 0;
    vi.spyOn(deps.store, 'putChunk').mockImplementation((...args) => {
      if (numPut++ < 5) return putChunk(...args);
      return Promise.reject(storageError(new DOMException('full', 'QuotaExceededError')));
    });
    const model = await open(deps);
    await model.done;
    expect((await readInPieces(model)).found).toBe('');
    expect(model.storageProblem?.name).toBe('StorageFull');
    await model.close();
    vi.restoreAllMocks();
    server.change({ etag: '"one"', ranges });
    const again = await open(deps);
    expect(again.cachedBytes).toBe(5 * CHUNK);
    await again.done;
    expect(await readAll(again)).toBe('');
    if (ranges) expect(server.traffic.sentBytes).toBe(SIZE - 5 * CHUNK);
  });

  it('is told from other trouble by its name', () => {
    expect(storageError(new DOMException('', 'QuotaExceededError')).name).toBe('StorageFull');
    expect(storageError(new DOMException('', 'InvalidStateError')).name).toBe('StorageUnavailable');
    expect(storageError(null).name).toBe('StorageUnavailable');
  });
});

describe('a damaged store', () => {
  /** A store whose raw contents a test may change. */
  async function damaged(change: (store: IDBObjectStore, id: string) => void): Promise<TestDeps> {
    const name = `test-${crypto.randomUUID()}`;
    const deps = { host: testHost(), store: new ModelStore(name), storage: {} };
    const model = await open(deps);
    await model.done;
    await model.close();
    await createStore(name, 'files')('readwrite', (store) => {
      change(store, model.id ?? '');
      return promisifyRequest(store.transaction);
    });
    server.traffic.reset();
    return deps;
  }

  it.each<[string, unknown]>([
    ['rubbish', 'rubbish'],
    ['another version', { formatVersion: 2, id: 'x' }],
    [
      'one that contradicts itself',
      { formatVersion: 1, sizeBytes: 5, chunkBytes: 1, presentChunks: new Uint8Array(9) },
    ],
  ])('a manifest that is %s is removed with its chunks, and the file fetched again', async (_, value) => {
    const deps = await damaged((store, id) => store.put(value, ['manifest', id]));
    expect(await deps.store.list()).toEqual([]);
    const model = await open(deps);
    expect(model.cachedBytes).toBe(0);
    await model.done;
    expect(await readAll(model)).toBe('');
    expect(server.traffic.sentBytes).toBe(SIZE);
  });

  it.each<[string, (store: IDBObjectStore, id: string) => void]>([
    ['is missing', (store, id) => store.delete(['chunk', id, 3])],
    ['is too short', (store, id) => store.put(new Blob(['short']), ['chunk', id, 3])],
    ['is no Blob', (store, id) => store.put('text', ['chunk', id, 3])],
  ])('a chunk that %s is CacheCorrupt, and the next load fetches it alone', async (_, change) => {
    const deps = await damaged(change);
    const model = await open(deps);
    expect(await errorName(model.source.read(3 * CHUNK, 1))).toBe('CacheCorrupt');
    expect(difference(await model.source.read(0, CHUNK), BYTES.subarray(0, CHUNK))).toBe('');
    const again = await open(deps);
    await again.done;
    expect(await readAll(again)).toBe('');
    expect(server.traffic.sentBytes).toBe(CHUNK);
  });
});

describe('the store', () => {
  it('never claims a chunk that is not there, whatever transaction was the last', async () => {
    const deps = testDeps();
    const model = await open(deps);
    // Looks in between all the time, as one would find it after a crash.
    const found = new Set<number>();
    for (let isDone = false; !isDone;) {
      isDone = await Promise.race([model.done.then(() => true), new Promise<false>((go) => setTimeout(go, 1, false))]);
      const [manifest] = await deps.store.list();
      for (let chunk = 0; manifest !== undefined && chunk < 17; chunk++) {
        if (found.has(chunk) || !hasChunk(manifest, chunk)) continue;
        expect((await deps.store.chunk(manifest, chunk))?.size).toBe(chunk < 16 ? CHUNK : 777);
        found.add(chunk);
      }
    }
    expect(found.size).toBe(17);
    expect((await deps.store.list()).length).toBe(1);
  });

  it('writes no chunk of a file whose manifest is gone, or of another version', async () => {
    const deps = testDeps();
    const model = await open(deps);
    await model.done;
    const [manifest] = await deps.store.list();
    if (manifest === undefined) throw new Error('nothing was stored');
    const other = { ...manifest, validators: { etag: '"two"' }, presentChunks: new Uint8Array(3) };
    expect(await deps.store.putChunk(other, 0, new Blob(['x']))).toBe(false);
    expect((await deps.store.chunk(manifest, 0))?.size).toBe(CHUNK);
    await deps.store.ensure(other);
    expect((await deps.store.list())[0]?.presentChunks.every((bits) => bits === 0)).toBe(true);
    await deps.store.delete(manifest.id);
    expect(await deps.store.putChunk(manifest, 0, new Blob(['x']))).toBe(false);
  });
});
