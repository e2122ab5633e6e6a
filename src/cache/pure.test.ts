/** The parts of the cache that know no network and no store. */
import { describe, expect, it } from 'vitest';
import { CacheError } from './errors.ts';
import { Layout, SEGMENTS_PER_CHUNK } from './layout.ts';
import { differ, emptyManifest, hasChunk, isComplete, parseManifest, storedBytes, withChunk } from './manifest.ts';
import { parseModelReference, sourceKey } from './model-reference.ts';
import { pickFile } from './pick-file.ts';
import { ProgressMeter, type CacheProgress } from './progress.ts';
import { freeBytes, requestPersistence, storageReport } from './quota.ts';
import { backoffMs, parseRetryAfter } from './retry.ts';
import { SegmentQueue } from './segment-queue.ts';

describe('parseModelReference', () => {
  const repo = { kind: 'huggingFace', repo: 'Owner/Name-1.5B.GGUF' };
  it.each([
    ['https://a.example/b.gguf?x=1#top', { kind: 'url', url: 'https://a.example/b.gguf?x=1' }],
    ['  Owner/Name-1.5B.GGUF ', repo],
    ['Owner/Name-1.5B.GGUF/sub/a.gguf', { ...repo, file: 'sub/a.gguf' }],
    ['https://huggingface.co/Owner/Name-1.5B.GGUF', repo],
    ['huggingface.co/Owner/Name-1.5B.GGUF/', repo],
    ['https://hf.co/Owner/Name-1.5B.GGUF/tree/main', repo],
    ['https://huggingface.co/Owner/Name-1.5B.GGUF/tree/v2', { ...repo, revision: 'v2' }],
    ['https://huggingface.co/Owner/Name-1.5B.GGUF/blob/main/a%20b.gguf', { ...repo, file: 'a b.gguf' }],
    [
      'https://huggingface.co/Owner/Name-1.5B.GGUF/resolve/abc/x/a.gguf?download=true',
      { ...repo, revision: 'abc', file: 'x/a.gguf' },
    ],
  ])('%s', (text, expected) => {
    expect(parseModelReference(text)).toEqual(expected);
  });

  it.each(['', 'model', 'a/b c', '../../etc/passwd', 'a/..', '-a/b', 'a--b/c', 'a/b/../c', 'a/b.git', 'https://'])(
    '"%s" is InvalidRequest',
    (text) => {
      expect(() => parseModelReference(text)).toThrow(CacheError);
    },
  );

  it('refuses pages of the hub that are no models', () => {
    expect(() => parseModelReference('https://huggingface.co/datasets/a/b')).toThrow(/names no model/);
  });

  it('gives the same key to the same thing', () => {
    const short = sourceKey({ kind: 'huggingFace', repo: 'a/b' });
    expect(sourceKey({ kind: 'huggingFace', repo: 'a/b', revision: 'main', hub: 'https://huggingface.co' })).toBe(
      short,
    );
    expect(sourceKey({ kind: 'huggingFace', repo: 'a/b', file: 'c' })).not.toBe(short);
  });
});

describe('pickFile', () => {
  const files = (...paths: string[]) => paths.map((path, i) => ({ path, sizeBytes: 100 - i, contentId: undefined }));
  it.each([
    [['m-Q8_0.gguf', 'm-Q4_0.gguf', 'm.Q4_K_M.gguf', 'm-Q2_K.gguf'], 'm.Q4_K_M.gguf'],
    [['m-q8_0.gguf', 'm-q4_k_s.gguf', 'm-q4_0.gguf'], 'm-q4_0.gguf'],
    [['m-Q8_0.gguf', 'm-IQ4_NL.gguf'], 'm-IQ4_NL.gguf'],
    [['m-IQ4_K_M.gguf', 'm-Q8_0.gguf'], 'm-Q8_0.gguf'],
    [['m-f16.gguf', 'm-Q2_K.gguf'], 'm-Q2_K.gguf'],
    [['mmproj-Q4_K_M.gguf', 'x/m-Q5_K_M.gguf'], 'x/m-Q5_K_M.gguf'],
    // Not the smallest, which is of a type that kernels do not know.
    [['m-Q5_K_M.gguf', 'm-Q3_K_M.gguf', 'm-IQ2_XS.gguf'], 'm-Q5_K_M.gguf'],
    [['m-Q4_K_M-00001-of-00002.gguf', 'm-Q4_K_M-00002-of-00002.gguf', 'm-Q8_0.gguf'], 'm-Q8_0.gguf'],
  ])('of %j picks %s', (paths, expected) => {
    expect(pickFile(files(...paths), 'a/b').path).toBe(expected);
  });

  it('says what is wrong when there is nothing to pick', () => {
    expect(() => pickFile(files('m-00001-of-00002.gguf'), 'a/b')).toThrow(/split into parts/);
    expect(() => pickFile(files('model.safetensors', 'mmproj.gguf'), 'a/b')).toThrow(/holds no GGUF/);
  });
});

describe('SegmentQueue', () => {
  const layout = new Layout(10 * SEGMENTS_PER_CHUNK, SEGMENTS_PER_CHUNK); // 10 chunks, a byte a segment
  const takeAll = (queue: SegmentQueue, count: number) => Array.from({ length: count }, () => queue.take());

  it('takes what is urgent first, then the chunk that was begun, then file order', () => {
    const queue = new SegmentQueue(layout, (chunk) => chunk === 0);
    expect([queue.take(), queue.hasWork]).toEqual([undefined, false]);
    queue.background = true;
    expect(queue.take()).toBe(4);
    expect([queue.want(21), queue.want(21), queue.want(4), queue.want(0)]).toEqual([true, false, false, false]);
    expect(takeAll(queue, 8)).toEqual([21, 5, 6, 7, 20, 22, 23, 8]);
  });

  it('gives back what was released, and takes again what was forgotten', () => {
    const queue = new SegmentQueue(layout, () => false);
    queue.background = true;
    expect(takeAll(queue, 5)).toEqual([0, 1, 2, 3, 4]);
    queue.release(1);
    expect(queue.take()).toBe(1);
    for (let segment = 0; segment < 4; segment++) queue.hold(segment);
    expect([queue.isHeld(0), queue.isInFlight(0), queue.isInFlight(1)]).toEqual([true, false, true]);
    queue.release(2); // held: nothing to give back
    expect(queue.state(2)).toBe('held');
    queue.forget(0);
    expect(takeAll(queue, 5)).toEqual([5, 6, 7, 0, 1]);
  });
});

describe('a manifest', () => {
  const empty = emptyManifest({
    id: 'x',
    name: 'm.gguf',
    url: 'https://a.example/m.gguf',
    sourceKeys: ['k'],
    validators: { etag: '"one"' },
    sizeBytes: 1005,
    chunkBytes: 100,
    lastUsedMs: 5,
  });

  it('counts chunks, and the last one by its own length', () => {
    const some = withChunk(withChunk(empty, 10, true), 3, true);
    expect([storedBytes(some), hasChunk(some, 3), hasChunk(some, 4), isComplete(some)]).toEqual([
      105,
      true,
      false,
      false,
    ]);
    expect(storedBytes(withChunk(some, 3, false))).toBe(5);
    let all = empty;
    for (let chunk = 0; chunk < 11; chunk++) all = withChunk(all, chunk, true);
    expect(isComplete(all)).toBe(true);
    expect(parseManifest(structuredClone(all))).toEqual(all);
  });

  it.each([
    [null],
    [{}],
    [{ ...empty, formatVersion: 0 }],
    [{ ...empty, sizeBytes: -1 }],
    [{ ...empty, sizeBytes: 1e300 }],
    [{ ...empty, presentChunks: new Uint8Array(1) }],
    [{ ...empty, presentChunks: [0, 0] }],
    [{ ...empty, url: 5 }],
  ])('%j is none', (value) => {
    expect(parseManifest(value)).toBeUndefined();
  });

  it('knows versions apart by the best validator that both have', () => {
    expect(differ({ etag: '"a"', lastModified: '1' }, { etag: '"a"', lastModified: '2' })).toBe(false);
    expect(differ({ etag: '"a"', lastModified: '1' }, { lastModified: '2' })).toBe(true);
    expect(differ({ etag: '"a"' }, { lastModified: '2' })).toBe(false);
    expect(differ({ contentId: 'a', etag: '"a"' }, { contentId: 'b', etag: '"a"' })).toBe(true);
  });
});

describe('progress', () => {
  it('is smoothed over five seconds and reported ten times a second at most', () => {
    let nowMs = 0;
    const reports: CacheProgress[] = [];
    const meter = new ProgressMeter(
      () => nowMs,
      100_000,
      20_000,
      (progress) => reports.push(progress),
    );
    // 20 kB/s for 2 s, then nothing for 10 s, then 10 kB/s of bytes that were there before.
    for (nowMs = 50; nowMs <= 2000; nowMs += 50) meter.add(1000, 1000);
    expect(reports.length).toBeLessThanOrEqual(21);
    expect(reports.at(-1)?.bytesPerSecond).toBeCloseTo(20_000, -3);
    expect(reports.at(-1)?.remainingMs).toBeCloseTo(2050); // reported at 1950 ms: 41 000 bytes are left
    for (nowMs = 12_000; nowMs <= 18_000; nowMs += 100) meter.add(1000, 0);
    expect(reports.at(-1)?.bytesPerSecond).toBeCloseTo(10_000, -3);
    expect(reports.at(-1)).toMatchObject({ doneBytes: 60_000, networkBytes: 101_000, totalBytes: 100_000 });
  });
});

describe('waiting', () => {
  it('doubles, has a ceiling, and obeys Retry-After', () => {
    expect([0, 1, 2, 9].map((attempt) => backoffMs(attempt, 0.5, undefined))).toEqual([500, 1000, 2000, 15_000]);
    expect([backoffMs(0, 0, undefined), backoffMs(0, 0.999, undefined)]).toEqual([250, 749.5]);
    expect([backoffMs(0, 0, 9000), backoffMs(0, 0, 9e9)]).toEqual([9000, 60_000]);
    expect(parseRetryAfter('120', 0)).toBe(120_000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:10 GMT', 4000)).toBe(6000);
    expect([parseRetryAfter('soon', 0), parseRetryAfter(null, 0)]).toEqual([undefined, undefined]);
  });
});

describe('quota', () => {
  it('has an answer where the browser has none, or refuses', async () => {
    expect(await storageReport({})).toEqual({ usedBytes: 0, quotaBytes: undefined, persisted: false });
    const refusing = {
      estimate: () => Promise.reject(new Error('no')),
      persist: () => Promise.reject(new Error('no')),
    };
    expect([await freeBytes(refusing), await requestPersistence(refusing), await requestPersistence({})]).toEqual([
      undefined,
      false,
      false,
    ]);
    const kind = { estimate: () => Promise.resolve({ usage: 3, quota: 10 }), persisted: () => Promise.resolve(true) };
    expect(await storageReport(kind)).toEqual({ usedBytes: 3, quotaBytes: 10, persisted: true });
    expect(await freeBytes(kind)).toBe(7);
  });
});
