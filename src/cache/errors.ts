/**
 * The one error class of the cache: a closed list of names, each of which the contract's list also has, so that the
 * worker can hand them on as they are (src/worker/errors.test.ts holds the two lists together). It knows nothing of the
 * worker, and nothing of who throws.
 */

export type CacheErrorName =
  | 'NetworkFailed'
  | 'HttpFailed'
  | 'RepositoryNotFound'
  | 'SourceChanged'
  | 'StorageFull'
  | 'StorageUnavailable'
  | 'CacheCorrupt'
  | 'Aborted'
  | 'InvalidRequest'
  | 'BlockedByPolicy';

/** `name` is the code; `message` says what to do next. */
export class CacheError extends Error {
  override readonly name: CacheErrorName;

  constructor(name: CacheErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

export function abortedError(): CacheError {
  return new CacheError('Aborted', 'The download was aborted.');
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError();
}
