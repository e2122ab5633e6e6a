/**
 * The library: what a program that brings its own page imports. The client of the engine, its worker, its errors, and the
 * types of the contract. No DOM, no Lit.
 */
export {
  EngineClient,
  openEngineWorker,
  type CallOptions,
  type EngineChannel,
  type EngineClientOptions,
} from '../client.ts';
export { isErrorName, LinnetError, toLinnetError } from '../errors.ts';
export type * from '../../worker/api.ts';
