/**
 * For every error name, what a page can offer to do about it, the best first. Words for it are in strings.ts.
 */
import type { LinnetErrorName } from '../../worker/api.ts';

export type Remedy =
  /** Do the same again. */
  | 'retry'
  /** Go to the list of models. */
  | 'chooseModel'
  /** Start a new worker and load the model again. */
  | 'restart'
  /** Load the model again in the worker that is there. */
  | 'reloadModel'
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
  ModelNotLoaded: 'reloadModel',
  TemplateFailed: 'chooseModel',
  GrammarFailed: 'retry',
  SessionInvalid: 'newChat',
  Aborted: 'retry',
  RemoteFailed: 'retry',
  WorkerFailed: 'restart',
  BlockedByPolicy: 'reloadPage',
  Internal: 'restart',
};

/** What failed: getting a model, an answer of it, or the engine as a whole. */
export type FailurePlace = 'model' | 'answer' | 'engine';

export function remediesFor(name: LinnetErrorName, place: FailurePlace): readonly Remedy[] {
  // While a model is looked at or loaded no setting is at fault but the model itself.
  if (name === 'InvalidRequest' && place === 'model') return ['chooseModel'];
  const best = REMEDIES[name];
  const isTooBig = name === 'OutOfMemory' || name === 'LimitExceeded';
  const more: readonly Remedy[] = best === 'chooseModel' || best === 'newChat' ? [] : ['chooseModel'];
  return isTooBig ? [best, 'retry', ...more] : [best, ...more];
}
