/** Loads from servers that behave badly, each in its own way. */
import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it } from 'vitest';
import type { FileOptions } from '../../tools/test-servers/file-answer.ts';
import { serveFile, type FileServer } from '../../tools/test-servers/serve-file.ts';
import { openModel, type OpenModel, type OpenModelOptions } from './open-model.ts';
import { difference, errorName, noise, testDeps, type TestDeps } from './testing/kit.ts';

const CHUNK = 64 * 1024;
const SIZE = 12 * CHUNK + 777;
const BYTES = noise(SIZE);

const servers: FileServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(options: FileOptions): Promise<FileServer> {
  const server = await serveFile(BYTES, options);
  servers.push(server);
  return server;
}

function open(url: string, deps: TestDeps, options: OpenModelOptions = {}): Promise<OpenModel> {
  return openModel({ kind: 'url', url }, { chunkBytes: CHUNK, ...options }, deps);
}

async function load(
  server: FileServer,
  deps: TestDeps,
  options: OpenModelOptions = {},
  expected = BYTES,
): Promise<string> {
  const model = await open(server.url, deps, options);
  await model.done;
  const found = difference(await model.source.read(0, model.source.sizeBytes), expected);
  await model.close();
  return found;
}

/** Fetches about half, and waits until that is stored. */
async function loadHalf(server: FileServer, deps: TestDeps): Promise<void> {
  const model = await open(server.url, deps, { headerOnly: true, keep: true });
  await model.source.read(0, 6 * CHUNK);
  await model.close();
}

describe('a server without ranges', () => {
  it('sends the file once, as one stream', async () => {
    const server = await serve({ ranges: false });
    const deps = testDeps();
    expect(await load(server, deps)).toBe('');
    expect(server.traffic.requests).toEqual([`GET bytes=0-${String(CHUNK / 4 - 1)}`]);
    const again = await open(server.url, deps);
    expect(again.complete).toBe(true);
  });

  it('that breaks off is asked again from the start, and nothing is stored twice', async () => {
    const server = await serve({ ranges: false, failAfterBytes: SIZE / 2 });
    const deps = testDeps();
    expect(await errorName(load(server, deps))).toBe('NetworkFailed');
    server.change({ ranges: false });
    expect(await load(server, deps)).toBe('');
  });

  it('serves any order of reading when nothing is kept, and still sends the file once', async () => {
    const server = await serve({ ranges: false });
    const model = await open(server.url, testDeps(), { keep: false });
    for (const offset of [8 * CHUNK, 0, SIZE - 100, 3 * CHUNK]) {
      expect(difference(await model.source.read(offset, 100), BYTES.subarray(offset, offset + 100))).toBe('');
    }
    expect(server.traffic.numRequests).toBe(1);
    await model.close();
  });

  it('sends no more than the header when that is all that is read', async () => {
    const big = noise(200 * CHUNK);
    const server = await serveFile(big, { ranges: false });
    servers.push(server);
    const model = await open(server.url, testDeps(), { headerOnly: true });
    await model.source.read(0, 1000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.traffic.sentBytes).toBeLessThan(big.length / 2);
    await model.close();
  });

  it('any more, in the midst of it, is streamed from then on', async () => {
    const server = await serve({ etag: '"one"', noRangesAfterRequests: 9 });
    expect(await load(server, testDeps())).toBe('');
    expect(server.traffic.requests.slice(0, -1).every((request) => request.startsWith('GET bytes='))).toBe(true);
    expect(server.traffic.requests.at(-1)).toBe('GET all');
  });

  it('and without a length is refused by name', async () => {
    const server = await serve({ ranges: false, hideLength: true });
    expect(await errorName(load(server, testDeps()))).toBe('HttpFailed');
  });
});

describe('a file that changes', () => {
  it('in the midst of the download is SourceChanged, and loads anew afterwards', async () => {
    const server = await serve({ etag: '"one"', changeEtagAfterRequests: 10 });
    const deps = testDeps();
    expect(await errorName(load(server, deps))).toBe('SourceChanged');
    await expect.poll(() => deps.store.list()).toEqual([]);
    server.change({ etag: '"two"' });
    expect(await load(server, deps)).toBe('');
  });

  it.each<[string, FileOptions, FileOptions]>([
    ['ETag', { etag: '"one"' }, { etag: '"two"' }],
    [
      'Last-Modified',
      { lastModified: 'Wed, 01 Jan 2025 00:00:00 GMT' },
      { lastModified: 'Thu, 02 Jan 2025 00:00:00 GMT' },
    ],
  ])('between two loads (%s) is never mixed', async (_, before, after) => {
    const other = noise(SIZE, 2);
    const server = await serve(before);
    const deps = testDeps();
    await loadHalf(server, deps);
    server.change(after, other);
    expect(await errorName(load(server, deps))).toBe('SourceChanged');
    await expect.poll(() => deps.store.list()).toEqual([]);
    expect(await load(server, deps, {}, other)).toBe('');
  });

  it('in size alone is SourceChanged too', async () => {
    const server = await serve({});
    const deps = testDeps();
    await loadHalf(server, deps);
    server.change({}, BYTES.subarray(0, SIZE - 1));
    expect(await errorName(load(server, deps))).toBe('SourceChanged');
  });

  it('does not when only the weakness of the ETag does', async () => {
    const server = await serve({ etag: '"one"' });
    const deps = testDeps();
    await loadHalf(server, deps);
    server.change({ etag: 'W/"one"' });
    expect(await load(server, deps)).toBe('');
    expect(server.traffic.sentBytes).toBeLessThanOrEqual(SIZE - 6 * CHUNK);
  });
});

describe('bad answers', () => {
  it('503 and 429 are tried again, after the time that the server asks for', async () => {
    const server = await serve({ statuses: { 0: 503, 2: 429 }, retryAfter: '7' });
    const deps = testDeps();
    expect(await load(server, deps, { numParallel: 1 })).toBe('');
    expect(deps.host.delays).toEqual([7000, 7000]);
  });

  it('500 for ever is given up after six tries', async () => {
    const always = Object.fromEntries(Array.from({ length: 50 }, (_, number) => [number, 500]));
    const server = await serve({ statuses: always });
    expect(await errorName(load(server, testDeps()))).toBe('HttpFailed');
    expect(server.traffic.numRequests).toBe(6);
  });

  it.each([404, 403])('%d is not tried again', async (status) => {
    const server = await serve({ statuses: { 0: status } });
    const deps = testDeps();
    expect(await errorName(load(server, deps))).toBe('HttpFailed');
    expect(deps.host.numFetches).toBe(1);
  });

  it('more bytes than were asked for are refused', async () => {
    const server = await serve({ surplusBytes: 10 });
    expect(await errorName(load(server, testDeps()))).toBe('HttpFailed');
  });

  it('an empty file is refused', async () => {
    const server = await serveFile(new Uint8Array(0));
    servers.push(server);
    expect(await errorName(load(server, testDeps()))).toBe('HttpFailed');
  });

  it('no server at all is NetworkFailed; no URL is InvalidRequest', async () => {
    const server = await serve({});
    await server.close();
    const deps = testDeps();
    expect(await errorName(load(server, deps))).toBe('NetworkFailed');
    expect(deps.host.numFetches).toBe(6);
    expect(await errorName(open('model.gguf', deps))).toBe('InvalidRequest');
  });

  it('a redirect to another origin is followed once, and then gone to directly', async () => {
    const target = await serve({ etag: '"one"' });
    const server = await serve({ redirectTo: target.url });
    const deps = testDeps();
    expect(await load(server, deps)).toBe('');
    expect(server.traffic.numRequests).toBe(1);
    expect((await deps.store.list())[0]?.url).toBe(server.url);
  });
});
