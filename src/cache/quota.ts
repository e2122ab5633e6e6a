/**
 * How much room the browser gives this origin, and whether it promises to keep what is there. Every call has an answer
 * where the browser has no such interface. It knows nothing of models.
 */

export interface StorageEstimateReport {
  readonly usedBytes: number;
  /** Undefined when the browser does not say. */
  readonly quotaBytes: number | undefined;
  readonly persisted: boolean;
}

/** The part of `navigator.storage` that is used; `persist` exists in windows only, not in workers. */
export interface StorageHost {
  estimate?(): Promise<{ usage?: number; quota?: number }>;
  persisted?(): Promise<boolean>;
  persist?(): Promise<boolean>;
}

/** `navigator.storage`, or nothing where there is none (an insecure page, Node). */
export function platformStorage(): StorageHost {
  const host: { navigator?: { storage?: StorageHost } } = globalThis;
  return host.navigator?.storage ?? {};
}

export async function storageReport(storage: StorageHost): Promise<StorageEstimateReport> {
  const [estimate, persisted] = await Promise.all([
    storage.estimate?.().catch(() => undefined),
    storage.persisted?.().catch(() => false),
  ]);
  return { usedBytes: estimate?.usage ?? 0, quotaBytes: estimate?.quota, persisted: persisted ?? false };
}

/** Asks the browser not to evict this origin. False when it refuses, or when this is a worker: then ask in the page. */
export async function requestPersistence(storage: StorageHost): Promise<boolean> {
  return (await storage.persist?.().catch(() => false)) ?? false;
}

/** Bytes still free, or undefined when the browser does not say. */
export async function freeBytes(storage: StorageHost): Promise<number | undefined> {
  const { usedBytes, quotaBytes } = await storageReport(storage);
  return quotaBytes === undefined ? undefined : Math.max(0, quotaBytes - usedBytes);
}
