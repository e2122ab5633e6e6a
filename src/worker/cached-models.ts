/** The models in the store, as the contract describes them. */
import { isComplete, storedBytes, type Manifest } from '../cache/manifest.ts';
import type { CachedModel } from './api.ts';

export function cachedModelOf(manifest: Manifest): CachedModel {
  return {
    id: manifest.id,
    name: manifest.name,
    url: manifest.url,
    sizeBytes: manifest.sizeBytes,
    storedBytes: storedBytes(manifest),
    complete: isComplete(manifest),
    lastUsedMs: manifest.lastUsedMs,
  };
}
