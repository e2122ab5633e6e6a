/**
 * Whether a model will fit, as far as a page can know before it loads it. WebGPU does not tell how much memory there is,
 * so the verdict is honest about what it is made of. Pure; the numbers come from the engine and the browser.
 */
import type { ModelInspection, StorageReport } from '../../worker/api.ts';

const GIB = 1024 ** 3;
/** Browsers report no more than this much memory, however much there is. */
const REPORTED_MEMORY_CAP_GIB = 8;
/** The part of a machine's memory that one page can count on. */
const USABLE_SHARE = 0.5;

export type MemoryVerdict = 'fits' | 'tight' | 'unknown';

export interface Fit {
  readonly gpuBytes: number;
  readonly memory: MemoryVerdict;
  /** Bytes the browser still grants to this site; undefined when it does not say. */
  readonly freeStorageBytes: number | undefined;
  /** False when keeping the file would not fit; it can still be loaded without being kept. */
  readonly storageFits: boolean;
}

/** `deviceMemoryGib` is `navigator.deviceMemory` where there is one. */
export function judgeFit(
  inspection: ModelInspection,
  storage: StorageReport | undefined,
  deviceMemoryGib: number | undefined,
): Fit {
  const { weights, kvCache, scratch } = inspection.gpuBytes;
  const gpuBytes = weights + kvCache + scratch;
  const freeStorageBytes =
    storage?.quotaBytes === undefined ? undefined : Math.max(0, storage.quotaBytes - storage.usedBytes);
  const storageFits = inspection.cached || freeStorageBytes === undefined || inspection.fileBytes <= freeStorageBytes;
  return { gpuBytes, memory: judgeMemory(gpuBytes, deviceMemoryGib), freeStorageBytes, storageFits };
}

function judgeMemory(gpuBytes: number, deviceMemoryGib: number | undefined): MemoryVerdict {
  if (deviceMemoryGib === undefined) return gpuBytes < GIB / 2 ? 'fits' : 'unknown';
  if (gpuBytes <= deviceMemoryGib * USABLE_SHARE * GIB) return 'fits';
  return deviceMemoryGib >= REPORTED_MEMORY_CAP_GIB ? 'unknown' : 'tight';
}
