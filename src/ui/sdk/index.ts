/** What the package offers. Importing it does nothing. */
export type * from '../../worker/api.ts';
export {
  EngineClient,
  openEngineWorker,
  type CallOptions,
  type EngineChannel,
  type EngineClientOptions,
  type Generation,
} from '../client.ts';
export { LinnetError, type Failure } from '../errors.ts';
export type { ChatCompletions } from './chat.ts';
export type { Completions } from './completions.ts';
export { createEngine, type EngineOptions } from './create-engine.ts';
export type { Base64EmbeddingParams, FloatEmbeddingParams, Embeddings } from './embeddings.ts';
export { createFetch } from './fetch.ts';
export type { NamedModel } from './host.ts';
export type { Answer, GenerateOptions } from './answer.ts';
export { Linnet, Model, type LoadOptions } from './linnet.ts';
export type { Models } from './models.ts';
export type * from './openai-types.ts';
export type { OnnxOptions } from './onnx/onnx-embeddings.ts';
export type { RemoteOptions, RemoteTimeouts, ServerKind } from './remote/options.ts';
export type { Placement } from './remote/place.ts';
export {
  RemoteError,
  type RemoteErrorDetails,
  type RemoteErrorKind,
  type RemoteErrorName,
} from './remote/remote-error.ts';
export type { Unfit } from './remote/policy.ts';
export type { RanOn, Route, RouteReason, RoutingPolicy } from './remote/route.ts';
export { RequestError, type RequestErrorCode } from './request-error.ts';
export type { RunOptions } from './samples.ts';
export { Session, type RestoreOptions, type SessionHost, type SessionOptions, type TurnOptions } from './session.ts';
export type { Score, ScoreOptions, Selection } from './score.ts';
export type { Stream } from './stream.ts';
