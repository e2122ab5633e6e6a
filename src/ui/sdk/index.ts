/** What the package offers. */
export type * from '../../worker/api.ts';
export {
  EngineClient,
  openEngineWorker,
  type CallOptions,
  type EngineChannel,
  type EngineClientOptions,
} from '../client.ts';
export { LinnetError, type Failure } from '../errors.ts';
export { Linnet, Model, type Answer, type GenerateOptions, type LoadOptions } from './linnet.ts';
