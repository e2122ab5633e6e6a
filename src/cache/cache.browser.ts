/** What Node cannot show: CORS, Blobs in a real IndexedDB, a real fetch that is aborted. Runs in Chromium. */
import { afterEach, describe, expect, inject, it } from 'vitest';
import { hasChunk, storedBytes } from './manifest.ts';
import { openModel, type OpenModel, type OpenModelOptions } from './open-model.ts';
import { platformStorage, storageReport } from './quota.ts';
import { difference, errorName, noise, testDeps, type TestDeps } from './testing/kit.ts';

const CHUNK = 64 * 1024;
const SIZE = 20 * CHUNK + 777;
const BYTES = noise(SIZE);
const { files, hub, hiddenHub, traffic } = inject('servers');

const open: OpenModel[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((model) => model.close()));
});

async function openUrl(url: string, deps: TestDeps, options: OpenModelOptions = {}): Promise<OpenModel> {
  const model = await openModel({ kind: 'url', url }, { chunkBytes: CHUNK, ...options }, deps);
  open.push(model);
  return model;
}

async function load(model: OpenModel): Promise<string> {
  await model.done;
  return difference(await model.source.read(0, model.source.sizeBytes), BYTES);
}

async function sentBytes(key: string): Promise<unknown> {
  const counts: unknown = await (await fetch(traffic)).json();
  return new Map<string, unknown>(Object.entries(counts ?? {})).get(key);
}

describe('across origins', () => {
  it.each(['plain', 'hidden', 'hiddenWithoutHead', 'noRanges', 'slow'] as const)(
    'a server of kind %s',
    async (kind) => {
      const deps = testDeps();
      const model = await openUrl(files[kind], deps);
      expect(await load(model)).toBe('');
      const before = await sentBytes(files[kind]);
      const { numFetches } = deps.host;
      const again = await openUrl(files[kind], deps);
      expect(again.complete).toBe(true);
      expect(await load(again)).toBe('');
      expect([deps.host.numFetches, await sentBytes(files[kind])]).toEqual([numFetches, before]);
    },
  );

  it('headers that CORS hides are hidden here', async () => {
    const init = { headers: { Range: 'bytes=0-9' } };
    const [hidden, plain] = await Promise.all([fetch(files.hidden, init), fetch(files.plain, init)]);
    expect([hidden.status, hidden.headers.get('Content-Range'), hidden.headers.get('ETag')]).toEqual([206, null, null]);
    expect(plain.headers.get('Content-Range')).toBe(`bytes 0-9/${String(SIZE)}`);
  });

  it('a server that does not allow other sites is NetworkFailed', async () => {
    expect(await errorName(openUrl(files.noCors, testDeps()))).toBe('NetworkFailed');
  });

  it.each([
    ['exposes', hub],
    ['hides', hiddenHub],
  ])('a hub whose other origin %s Content-Range', async (_, origin) => {
    const deps = testDeps();
    const source = { kind: 'huggingFace', repo: 'somebody/model-GGUF', hub: origin } as const;
    const before = await sentBytes(origin);
    const model = await openModel(source, { chunkBytes: CHUNK }, deps);
    expect(await load(model)).toBe('');
    expect([before, await sentBytes(origin)]).toEqual([0, SIZE]);
    expect((await openModel(source, {}, deps)).complete).toBe(true);
  });
});

describe('a real IndexedDB', () => {
  it('holds chunks as Blobs, and an aborted download goes on with the rest and two chunks at most', async () => {
    const deps = testDeps();
    const abort = new AbortController();
    let doneBytes = 0;
    const onProgress = (progress: { doneBytes: number }): void => {
      doneBytes = progress.doneBytes;
      if (doneBytes >= SIZE / 2) abort.abort();
    };
    const model = await openUrl(files.slow, deps, { signal: abort.signal, onProgress });
    expect(await errorName(model.done)).toBe('Aborted');
    await model.close();
    const [manifest] = await deps.store.list();
    if (manifest === undefined) throw new Error('nothing was stored');
    for (let chunk = 0; chunk <= 20; chunk++) {
      if (hasChunk(manifest, chunk)) expect(await deps.store.chunk(manifest, chunk)).toBeInstanceOf(Blob);
    }
    expect(storedBytes(manifest)).toBeGreaterThanOrEqual(doneBytes - 2 * CHUNK);
    const again = await openUrl(files.slow, deps);
    const reports: number[] = [];
    const last = await openUrl(files.slow, deps, { onProgress: ({ networkBytes }) => reports.push(networkBytes) });
    await again.close();
    expect(await load(last)).toBe('');
    expect(reports.at(-1)).toBeLessThanOrEqual(SIZE - doneBytes + 2 * CHUNK);
  });

  it('tells how much room there is', async () => {
    const report = await storageReport(platformStorage());
    expect(report.quotaBytes).toBeGreaterThan(report.usedBytes);
  });
});
