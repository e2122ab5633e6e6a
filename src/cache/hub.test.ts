/** Loads from a stand-in for the hub, whose bytes lie on another origin. */
import 'fake-indexeddb/auto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serveHub, type HubServer } from '../../tools/test-servers/serve-hub.ts';
import { openModel, type OpenModel } from './open-model.ts';
import { resolveHub } from './resolve.ts';
import { difference, errorName, noise, testDeps, testHost, type TestDeps } from './testing/kit.ts';

const CHUNK = 64 * 1024;
const MODEL = noise(10 * CHUNK + 5);
const REPO = 'somebody/Small-Model-GGUF';
const never = new AbortController().signal;

let hub: HubServer;
beforeAll(async () => {
  const many = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`docs/${String(i)}.md`, noise(10)]));
  hub = await serveHub({
    repositories: {
      [REPO]: {
        ...many,
        'small-Q8_0.gguf': noise(100),
        'sub folder/small-Q4_K_M.gguf': MODEL,
        'mmproj-Q4_K_M.gguf': noise(9),
      },
      'somebody/split': { 'a-Q4_K_M-00001-of-00002.gguf': noise(9), 'a-Q4_K_M-00002-of-00002.gguf': noise(9) },
      'somebody/weights': { 'model.safetensors': noise(9) },
    },
    pageSize: 7,
  });
});
afterAll(() => hub.close());
beforeEach(() => {
  hub.traffic.reset();
  hub.changeCdn({});
});

function open(deps: TestDeps, file?: string): Promise<OpenModel> {
  const source = { kind: 'huggingFace', repo: REPO, hub: hub.origin, ...(file !== undefined && { file }) } as const;
  return openModel(source, { chunkBytes: CHUNK }, deps);
}

describe('resolveHub', () => {
  it('follows the pages of the listing and picks the best 4-bit file', async () => {
    const file = await resolveHub({ repo: REPO, hub: `${hub.origin}/` }, testHost(), never);
    expect(file).toMatchObject({
      url: `${hub.origin}/${REPO}/resolve/main/sub%20folder/small-Q4_K_M.gguf`,
      sizeBytes: MODEL.length,
      fileName: 'small-Q4_K_M.gguf',
    });
    expect(file.contentId).toMatch(/^[0-9a-f]{64}$/);
    expect(hub.traffic.numRequests).toBe(5);
  });

  it.each([
    [{ repo: 'somebody/nothing' }, 'RepositoryNotFound'],
    [{ repo: REPO, revision: 'v9' }, 'RepositoryNotFound'],
    [{ repo: REPO, file: 'other.gguf' }, 'InvalidRequest'],
    [{ repo: 'somebody/split' }, 'InvalidRequest'],
    [{ repo: 'somebody/weights' }, 'InvalidRequest'],
    [{ repo: 'somebody/../etc' }, 'InvalidRequest'],
    [{ repo: 'nobody' }, 'InvalidRequest'],
  ])('%j is %s', async (source, name) => {
    expect(await errorName(resolveHub({ ...source, hub: hub.origin }, testHost(), never))).toBe(name);
  });

  it('tries again when the hub is busy, and gives up by name when it is gone', async () => {
    const host = testHost();
    const gone = resolveHub({ repo: REPO, hub: 'http://127.0.0.1:1' }, host, never);
    expect(await errorName(gone)).toBe('NetworkFailed');
    expect(host.numFetches).toBe(6);
  });
});

describe('a model of the hub', () => {
  it('is fetched from the other origin; the hub is asked for the redirect once', async () => {
    const deps = testDeps();
    const model = await open(deps);
    await model.done;
    expect(difference(await model.source.read(0, MODEL.length), MODEL)).toBe('');
    expect(model.name).toBe('small-Q4_K_M.gguf');
    expect(hub.cdn.traffic.sentBytes).toBe(MODEL.length);
    expect(hub.traffic.requests.filter((request) => request.includes('/resolve/')).length).toBe(1);
    await model.close();
  });

  it('is opened again with no request, not even for the listing', async () => {
    const deps = testDeps();
    await (
      await open(deps)
    ).done;
    const { numFetches } = deps.host;
    const again = await open(deps);
    expect([again.complete, deps.host.numFetches]).toEqual([true, numFetches]);
    // Asked for in another way it is listed, and then known.
    const byName = await open(deps, 'sub folder/small-Q4_K_M.gguf');
    expect(byName.complete).toBe(true);
    expect((await deps.store.list()).length).toBe(1);
  });

  it('survives a signed address that runs out', async () => {
    hub.changeCdn({ statuses: { 12: 403 } });
    const deps = testDeps();
    const model = await open(deps);
    await model.done;
    expect(difference(await model.source.read(0, MODEL.length), MODEL)).toBe('');
    expect(hub.traffic.requests.filter((request) => request.includes('/resolve/')).length).toBeGreaterThan(1);
  });

  it('that is not public is HttpFailed when its bytes are asked for', async () => {
    hub.changeCdn({ statuses: { 0: 403 } });
    expect(await errorName(open(testDeps()))).toBe('HttpFailed');
  });
});
