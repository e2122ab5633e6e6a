/** What the package offers. Importing it does nothing. */
export type * from '../../worker/api.ts';
export {
  EngineClient,
  openEngineWorker,
  type CallOptions,
  type EngineChannel,
  type EngineClientOptions,
} from '../client.ts';
export { LinnetError, type Failure } from '../errors.ts';
export { createEngine, type EngineOptions } from './create-engine.ts';
export { createFetch } from './fetch.ts';
export type { Answer, GenerateOptions } from './answer.ts';
export { Linnet, Model, type LoadOptions } from './linnet.ts';
export type * from './openai-types.ts';
export { RequestError, type RequestErrorCode } from './request-error.ts';
export type { RunOptions } from './samples.ts';
export { Session, type RestoreOptions, type SessionOptions, type TurnOptions } from './session.ts';
export type { Score, ScoreOptions, Selection } from './score.ts';
export type { Stream } from './stream.ts';
