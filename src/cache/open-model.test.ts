import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it } from 'vitest';
import type { FileOptions } from '../../tools/test-servers/file-answer.ts';
import { serveFile, type FileServer } from '../../tools/test-servers/serve-file.ts';
import { isComplete, storedBytes } from './manifest.ts';
import { openModel, type OpenModel, type OpenModelOptions } from './open-model.ts';
import { difference, errorName, noise, testDeps, until, type TestDeps } from './testing/kit.ts';

const CHUNK = 256 * 1024;
const SIZE = 20 * CHUNK + 12_345;
const BYTES = noise(SIZE);
const TAGGED: FileOptions = { etag: '"one"' };

const servers: FileServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(options: FileOptions = TAGGED, bytes = BYTES): Promise<FileServer> {
  const server = await serveFile(bytes, options);
  servers.push(server);
  return server;
}

function open(server: FileServer, deps: TestDeps, options: OpenModelOptions = {}): Promise<OpenModel> {
  return openModel({ kind: 'url', url: server.url }, { chunkBytes: CHUNK, ...options }, deps);
}

async function readAll(model: OpenModel): Promise<Uint8Array> {
  return model.source.read(0, model.source.sizeBytes);
}

/** Opens, waits for the download, reads all, closes. Returns how the bytes differ from what they should be. */
async function load(server: FileServer, deps: TestDeps, options: OpenModelOptions = {}): Promise<string> {
  const model = await open(server, deps, options);
  await model.done;
  const found = difference(await readAll(model), BYTES);
  await model.close();
  return found;
}

async function manifestOf(deps: TestDeps): Promise<{ stored: number; complete: boolean; count: number }> {
  const manifests = await deps.store.list();
  const [manifest] = manifests;
  if (manifest === undefined) return { stored: 0, complete: false, count: 0 };
  return { stored: storedBytes(manifest), complete: isComplete(manifest), count: manifests.length };
}

describe('a model that is loaded', () => {
  it('has the exact bytes of the file, and asks for each of them once', async () => {
    const server = await serve();
    const deps = testDeps();
    expect(await load(server, deps)).toBe('');
    expect(server.traffic.sentBytes).toBe(SIZE);
    expect(await manifestOf(deps)).toEqual({ stored: SIZE, complete: true, count: 1 });
  });

  it('is opened a second time without a request, also when the server is gone', async () => {
    const server = await serve();
    const deps = testDeps();
    await load(server, deps);
    const { numFetches } = deps.host;
    await server.close();
    const again = await open(server, deps);
    expect([again.complete, again.cachedBytes]).toEqual([true, SIZE]);
    await again.done;
    expect(difference(await readAll(again), BYTES)).toBe('');
    expect(deps.host.numFetches).toBe(numFetches);
    const byId = await openModel({ kind: 'cached', id: again.id ?? '' }, {}, deps);
    expect(difference(await byId.source.read(CHUNK - 3, 7), BYTES.subarray(CHUNK - 3, CHUNK + 4))).toBe('');
    expect(deps.host.numFetches).toBe(numFetches);
  });

  it('answers any range, within and across chunks', async () => {
    const model = await open(await serve(), testDeps());
    for (const [offset, length] of [
      [0, 0],
      [0, 1],
      [CHUNK / 4 - 1, 2],
      [3 * CHUNK - 100, 2 * CHUNK + 200],
      [SIZE - 5, 5],
    ] as const) {
      const bytes = await model.source.read(offset, length);
      expect(difference(bytes, BYTES.subarray(offset, offset + length))).toBe('');
    }
    expect(await errorName(model.source.read(SIZE - 5, 6))).toBe('InvalidRequest');
    expect(await errorName(model.source.read(-1, 2))).toBe('InvalidRequest');
    await model.close();
  });

  it('of one byte works', async () => {
    const server = await serve(TAGGED, BYTES.subarray(0, 1));
    const model = await open(server, testDeps());
    await model.done;
    expect([...(await readAll(model))]).toEqual([BYTES[0]]);
  });

  it('is deleted with all its chunks', async () => {
    const server = await serve();
    const deps = testDeps();
    await load(server, deps);
    const [manifest] = await deps.store.list();
    if (manifest === undefined) throw new Error('nothing was stored');
    await deps.store.delete(manifest.id);
    expect(await deps.store.list()).toEqual([]);
    expect(await deps.store.chunk(manifest, 0)).toBeUndefined();
    server.traffic.reset();
    expect(await load(server, deps)).toBe('');
    expect(server.traffic.sentBytes).toBe(SIZE);
  });
});

describe('a download that is cut off', () => {
  it.each([4, 1])(
    'by an abort at half fetches the rest and at most two chunks more (%d lanes)',
    async (numParallel) => {
      const server = await serve();
      const deps = testDeps();
      const abort = new AbortController();
      let doneBytes = 0;
      const onProgress = (progress: { doneBytes: number }): void => {
        doneBytes = progress.doneBytes;
        if (doneBytes >= SIZE / 2) abort.abort();
      };
      deps.host.nowMs = everMoving(200);
      const model = await open(server, deps, { signal: abort.signal, onProgress, numParallel });
      expect(await errorName(model.done)).toBe('Aborted');
      expect(await errorName(model.source.read(SIZE - 1, 1))).toBe('Aborted');
      await model.close();
      expect(doneBytes).toBeLessThan(SIZE * 0.75);
      const { stored } = await manifestOf(deps);
      expect(stored).toBeGreaterThanOrEqual(doneBytes - 2 * CHUNK);
      server.traffic.reset();
      expect(await load(server, deps)).toBe('');
      expect(server.traffic.sentBytes).toBeLessThanOrEqual(SIZE - doneBytes + 2 * CHUNK);
      expect(server.traffic.sentBytes).toBe(SIZE - stored);
    },
  );

  it('before it is opened, by a signal, is Aborted and stores nothing', async () => {
    const deps = testDeps();
    const opening = open(await serve({ ...TAGGED, slowMs: 20 }), deps, { signal: AbortSignal.timeout(10) });
    expect(await errorName(opening.then((model) => model.done))).toBe('Aborted');
    expect(await deps.store.list()).toEqual([]);
  });

  it('by a connection that breaks goes on where it stopped', async () => {
    const server = await serve({ ...TAGGED, failAfterBytes: SIZE / 2 });
    const deps = testDeps();
    const loading = load(server, deps);
    await until(() => deps.host.delays.length > 0);
    const sent = server.traffic.sentBytes;
    server.change(TAGGED);
    expect(await loading).toBe('');
    expect(sent + server.traffic.sentBytes).toBeLessThanOrEqual(SIZE + CHUNK);
  });

  it('again and again, after each 20 000 bytes, still ends, and fetches no byte twice', async () => {
    const server = await serve({ ...TAGGED, truncateAnswersAt: 20_000 });
    const deps = testDeps();
    expect(await load(server, deps)).toBe('');
    expect(server.traffic.sentBytes).toBe(SIZE);
    expect(deps.host.delays.length).toBeGreaterThan(SIZE / CHUNK);
  });

  it('because the server is gone, fails by name after the tries, and keeps what it has', async () => {
    const server = await serve({ ...TAGGED, failAfterBytes: SIZE / 2 });
    const deps = testDeps();
    const model = await open(server, deps, { numParallel: 1 });
    expect(await errorName(model.done)).toBe('NetworkFailed');
    expect(deps.host.delays).toEqual([500, 1000, 2000, 4000, 8000]);
    await model.close();
    expect((await manifestOf(deps)).stored).toBeGreaterThanOrEqual(SIZE / 2 - 2 * CHUNK);
  });
});

describe('a reader', () => {
  it('is answered while the download goes on, and jumps the queue', async () => {
    const server = await serve({ ...TAGGED, slowMs: 5 });
    const model = await open(server, testDeps(), { numParallel: 2 });
    const bytes = await model.source.read(SIZE - 10, 10);
    expect(difference(bytes, BYTES.subarray(SIZE - 10))).toBe('');
    expect(server.traffic.sentBytes).toBeLessThan(SIZE / 3);
    await model.done;
    expect(server.traffic.sentBytes).toBe(SIZE);
    expect(difference(await readAll(model), BYTES)).toBe('');
  });

  it('may stop waiting by its own signal without harm to others', async () => {
    const server = await serve({ ...TAGGED, slowMs: 2 });
    const model = await open(server, testDeps());
    const abort = new AbortController();
    const [impatient, patient] = [model.source.read(SIZE - 10, 10, abort.signal), model.source.read(SIZE - 10, 10)];
    abort.abort();
    expect(await errorName(impatient)).toBe('Aborted');
    expect(difference(await patient, BYTES.subarray(SIZE - 10))).toBe('');
    await model.close();
  });

  it('of the header alone fetches little and stores nothing, until the download is started', async () => {
    const server = await serve();
    const deps = testDeps();
    const model = await open(server, deps, { headerOnly: true });
    await model.source.read(0, 1000);
    await model.source.read(CHUNK / 4 - 1, 2);
    expect(server.traffic.sentBytes).toBe(CHUNK / 2);
    expect(await deps.store.list()).toEqual([]);
    await model.close();
  });

  it('of the header alone wastes nothing when the file is to be kept', async () => {
    const server = await serve();
    const deps = testDeps();
    const model = await open(server, deps, { headerOnly: true, keep: true });
    await model.source.read(0, CHUNK);
    model.startDownload();
    await model.done;
    expect(difference(await readAll(model), BYTES)).toBe('');
    expect(server.traffic.sentBytes).toBe(SIZE);
    expect((await manifestOf(deps)).complete).toBe(true);
  });
});

describe('two at a time', () => {
  it('load the same model without harm to each other', async () => {
    const server = await serve();
    const deps = testDeps();
    expect(await Promise.all([load(server, deps), load(server, deps)])).toEqual(['', '']);
    expect(await manifestOf(deps)).toEqual({ stored: SIZE, complete: true, count: 1 });
    expect(await load(server, deps)).toBe('');
  });

  it('one deletes what the other loads: the other goes on and says that it keeps nothing', async () => {
    const server = await serve({ ...TAGGED, slowMs: 2 });
    const deps = testDeps();
    const model = await open(server, deps);
    await model.source.read(2 * CHUNK, 1);
    let manifest = await manifestOf(deps);
    while (manifest.count === 0) manifest = await manifestOf(deps);
    await deps.store.delete(model.id ?? '');
    const tail = await model.source.read(10 * CHUNK, 10 * CHUNK);
    expect(difference(tail, BYTES.subarray(10 * CHUNK, 20 * CHUNK))).toBe('');
    await model.done;
    expect(model.storageProblem?.name).toBe('StorageUnavailable');
    await model.close();
    expect(await deps.store.list()).toEqual([]);
  });
});

describe('progress', () => {
  it('counts to the end, tells a rate, and is throttled', async () => {
    const reports: { doneBytes: number; networkBytes: number; bytesPerSecond: number | undefined }[] = [];
    const deps = testDeps();
    deps.host.nowMs = everMoving(10);
    const model = await open(await serve(), deps, { onProgress: (progress) => reports.push(progress) });
    await model.done;
    const last = reports.at(-1);
    expect(last).toMatchObject({ doneBytes: SIZE, totalBytes: SIZE, networkBytes: SIZE, remainingMs: 0 });
    expect(last?.bytesPerSecond).toBeGreaterThan(0);
    const done = reports.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(reports.length).toBeLessThan(SIZE / 16_384);
  });
});

/** A clock that goes on by so much each time it is looked at. */
function everMoving(stepMs: number): () => number {
  let now = 0;
  return () => (now += stepMs);
}
