/**
 * What the cache needs of the world around it: a way to fetch, a clock, chance and patience. Tests bring their own.
 * It knows nothing of files, chunks or stores.
 */
import { throwIfAborted } from './errors.ts';

export interface CacheHost {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Milliseconds; of the epoch, since a manifest remembers when its model was last used. */
  nowMs(): number;
  /** In [0, 1). */
  random(): number;
  /** Resolves after `ms`, or rejects with `Aborted` as soon as the signal says so. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The host that a browser, or Node, really is. */
export function platformHost(): CacheHost {
  return {
    // No HTTP cache: it would keep a second copy of what the store keeps, and answer a range from a stale one.
    fetch: (url, init) => globalThis.fetch(url, { ...init, cache: 'no-store' }),
    nowMs: () => Date.now(),
    random: () => Math.random(),
    delay,
  };
}

async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish);
  });
  throwIfAborted(signal);
}
