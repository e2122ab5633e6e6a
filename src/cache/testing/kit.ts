/**
 * What the cache's tests share, in Node and in browsers: bytes that tell their position, a host that does not wait, and
 * a store of its own for each test.
 */
import { CacheError, type CacheErrorName } from '../errors.ts';
import { platformHost, type CacheHost } from '../host.ts';
import { ModelStore } from '../model-store.ts';
import type { CacheDeps } from '../open-model.ts';

/** Bytes of which no two stretches are alike (xorshift32). */
export function noise(numBytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(numBytes);
  let state = seed;
  for (let i = 0; i < numBytes; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

export interface TestHost extends CacheHost {
  /** Delays that were asked for, in milliseconds; none was waited for. */
  readonly delays: number[];
  numFetches: number;
}

export function testHost(): TestHost {
  const platform = platformHost();
  const host: TestHost = {
    ...platform,
    delays: [],
    numFetches: 0,
    random: () => 0.5,
    fetch: (url, init) => {
      host.numFetches++;
      return platform.fetch(url, init);
    },
    delay: (ms, signal) => {
      host.delays.push(ms);
      return platform.delay(0, signal);
    },
  };
  return host;
}

export interface TestDeps extends CacheDeps {
  readonly host: TestHost;
}

export function testDeps(storage: CacheDeps['storage'] = {}): TestDeps {
  return { host: testHost(), store: new ModelStore(`test-${crypto.randomUUID()}`), storage };
}

/** The name of the error that the promise rejects with; `undefined` when it does not. Other errors are thrown on. */
export async function errorName(promise: Promise<unknown>): Promise<CacheErrorName | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof CacheError) return error.name;
    throw error;
  }
}

/** Where the two differ first, in words; the empty string when they do not. Much faster than a matcher on megabytes. */
export function difference(actual: Uint8Array, expected: Uint8Array): string {
  if (actual.length !== expected.length) return `${String(actual.length)} bytes instead of ${String(expected.length)}`;
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  return at < 0 ? '' : `byte ${String(at)} is ${String(actual[at])} instead of ${String(expected[at])}`;
}

export async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 1));
}
