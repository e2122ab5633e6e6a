/** The library's one way in. */
import { openEngineWorker, type EngineChannel } from '../client.ts';
import { Linnet } from './linnet.ts';
import type { OnnxOptions } from './onnx/onnx-embeddings.ts';
import type { RemoteOptions } from './remote/options.ts';

/** Where and how the engine is started. */
export interface EngineOptions {
  /** Where the engine is, if not in a worker of its own that this starts: a port to one, or a worker made elsewhere. */
  readonly open?: () => EngineChannel;
  /** A server that speaks as OpenAI's do, and what it is asked for. Default: none. */
  readonly remote?: RemoteOptions;
  /** Models in ONNX for `embeddings.create`, by their repositories. Default: none. */
  readonly onnx?: OnnxOptions;
}

/**
 * An engine in its worker, with no model yet. Nothing is fetched and no GPU is asked for before something is loaded.
 * What is wrong with the worker (`BlockedByPolicy`, `WorkerFailed`) is told by the first call.
 */
export function createEngine({ open = openEngineWorker, remote, onnx }: EngineOptions = {}): Linnet {
  return new Linnet(open, remote, onnx);
}
