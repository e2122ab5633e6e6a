/**
 * For every error name, the one thing a page can offer to do about it. Words for it are in strings.ts.
 */
import type { LinnetErrorName } from '../../worker/api.ts';

export type Remedy =
  /** Do the same again. */
  | 'retry'
  /** Go to the list of models. */
  | 'chooseModel'
  /** Start a new worker and load the model again. */
  | 'restart'
  /** Load without keeping the file; the list of kept models is below. */
  | 'loadWithoutKeeping'
  | 'openSettings'
  | 'newChat'
  | 'reloadPage';

const REMEDIES: Readonly<Record<LinnetErrorName, Remedy>> = {
  NotGguf: 'chooseModel',
  UnsupportedGgufVersion: 'chooseModel',
  GgufTruncated: 'chooseModel',
  GgufInvalid: 'chooseModel',
  UnsupportedTensorType: 'chooseModel',
  UnsupportedArchitecture: 'chooseModel',
  UnsupportedTokenizer: 'chooseModel',
  MissingTensor: 'chooseModel',
  NetworkFailed: 'retry',
  HttpFailed: 'retry',
  RepositoryNotFound: 'chooseModel',
  SourceChanged: 'retry',
  StorageFull: 'loadWithoutKeeping',
  StorageUnavailable: 'loadWithoutKeeping',
  CacheCorrupt: 'retry',
  NoWebGpu: 'reloadPage',
  DeviceLost: 'restart',
  OutOfMemory: 'openSettings',
  LimitExceeded: 'openSettings',
  ShaderFailed: 'restart',
  InvalidRequest: 'openSettings',
  ContextFull: 'newChat',
  ModelNotLoaded: 'restart',
  TemplateFailed: 'chooseModel',
  Aborted: 'retry',
  WorkerFailed: 'restart',
  BlockedByPolicy: 'reloadPage',
  Internal: 'restart',
};

export function remedyFor(name: LinnetErrorName): Remedy {
  return REMEDIES[name];
}
