/**
 * What the page does with an error: whatever was thrown becomes a LinnetError with a name of the closed list.
 * Errors cross the wire as `name` and `message` alone, so the name is all there is to recognise. This is the guard at
 * that edge. It knows nothing of views; what a person is told to do about each name is in state/remedy.ts and strings.ts.
 */
import type { LinnetErrorName } from '../worker/api.ts';

const ERROR_NAMES: Readonly<Record<LinnetErrorName, true>> = {
  NotGguf: true,
  UnsupportedGgufVersion: true,
  GgufTruncated: true,
  GgufInvalid: true,
  UnsupportedTensorType: true,
  UnsupportedArchitecture: true,
  UnsupportedTokenizer: true,
  MissingTensor: true,
  NetworkFailed: true,
  HttpFailed: true,
  RepositoryNotFound: true,
  SourceChanged: true,
  StorageFull: true,
  StorageUnavailable: true,
  CacheCorrupt: true,
  NoWebGpu: true,
  DeviceLost: true,
  OutOfMemory: true,
  LimitExceeded: true,
  ShaderFailed: true,
  InvalidRequest: true,
  ContextFull: true,
  ModelNotLoaded: true,
  TemplateFailed: true,
  GrammarFailed: true,
  SessionInvalid: true,
  Aborted: true,
  RemoteFailed: true,
  WorkerFailed: true,
  BlockedByPolicy: true,
  Internal: true,
};

/** Names that browsers give to errors of ours. */
const BROWSER_NAMES: Readonly<Record<string, LinnetErrorName>> = {
  AbortError: 'Aborted',
  QuotaExceededError: 'StorageFull',
  SecurityError: 'BlockedByPolicy',
  DataCloneError: 'InvalidRequest',
};

/** An error as state and views hold it: plain data. */
export interface Failure {
  readonly name: LinnetErrorName;
  readonly message: string;
}

/** The error of this context; what every promise of the client rejects with. */
export class LinnetError extends Error implements Failure {
  override readonly name: LinnetErrorName;

  constructor(name: LinnetErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

export function abortedError(): LinnetError {
  return new LinnetError('Aborted', 'The request was aborted.');
}

export function isErrorName(value: unknown): value is LinnetErrorName {
  return typeof value === 'string' && Object.hasOwn(ERROR_NAMES, value);
}

/** The named guard: an unknown thrown value as a LinnetError; a name that is not of the list becomes `Internal`. */
export function toLinnetError(thrown: unknown): LinnetError {
  if (thrown instanceof LinnetError) return thrown;
  if (!(thrown instanceof Error))
    return new LinnetError('Internal', `Something unexpected was thrown: ${String(thrown)}`);
  const name = isErrorName(thrown.name) ? thrown.name : (BROWSER_NAMES[thrown.name] ?? 'Internal');
  return new LinnetError(name, thrown.message, { cause: thrown });
}

/** The same as plain data, for state. */
export function toFailure(thrown: unknown): Failure {
  const { name, message } = toLinnetError(thrown);
  return { name, message };
}
