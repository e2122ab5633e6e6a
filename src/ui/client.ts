/**
 * The one crossing to the worker: Comlink on this side, typed promises, AbortSignals and LinnetErrors on the other.
 * A call to a dead worker would never settle, so every call is registered here and rejected with `WorkerFailed` when the
 * worker fails or is closed. It knows nothing of models, pages or Lit.
 */
import * as Comlink from 'comlink';
import type {
  CachedModel,
  ClientId,
  ConversationId,
  DeviceRates,
  EmbeddingResult,
  EmbedRequest,
  Engine,
  EngineInfo,
  EngineStats,
  GenerateRequest,
  GenerationEvent,
  GenerationResult,
  InspectOptions,
  LoadedModel,
  LoadProgress,
  LoadRequest,
  ModelHandle,
  ModelInspection,
  ModelSource,
  RequestId,
  StorageReport,
  TokenizeOptions,
} from '../worker/api.ts';
import { LinnetError, toLinnetError } from './errors.ts';
import { randomId } from './ids.ts';

/**
 * Anything that carries messages to an engine: a Worker, or a MessagePort. It is Comlink's `Endpoint` in our own words, so that
 * the types of the package need no other package.
 */
export interface EngineChannel extends Pick<EventTarget, 'addEventListener' | 'removeEventListener'> {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  /** A MessagePort has this. */
  readonly start?: () => void;
  /** A Worker has this. */
  readonly terminate?: () => void;
  /** A MessagePort has this. */
  readonly close?: () => void;
}

export interface EngineClientOptions {
  /** Makes a new channel; called once now and once for each `restart`. */
  readonly open: () => EngineChannel;
  readonly clientId?: ClientId;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** `request`: from `newRequestId`, where other requests refer to this one. */
export type Generation = Omit<GenerateRequest, 'client' | 'request'> & { readonly request?: RequestId };

type Session =
  | { readonly kind: 'open'; readonly remote: Comlink.Remote<Engine>; readonly close: () => void }
  | { readonly kind: 'closed'; readonly error: LinnetError };

/** Starts the engine's own worker. Throws `BlockedByPolicy` where the page's policy forbids it. */
export function openEngineWorker(): EngineChannel {
  return new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name: 'linnet' });
}

export class EngineClient {
  readonly clientId: ClientId;
  readonly #open: () => EngineChannel;
  /** The rejecters of every call that has not settled. */
  readonly #inFlight = new Set<(error: LinnetError) => void>();
  readonly #failureListeners = new Set<(error: LinnetError) => void>();
  #session: Session;
  #numRequests = 0;

  constructor(options: EngineClientOptions) {
    this.clientId = options.clientId ?? randomId();
    this.#open = options.open;
    this.#session = this.#connect();
  }

  /** Calls back when the worker fails by itself (not for `close` and `restart`). Returns the way to stop listening. */
  onFailure(listener: (error: LinnetError) => void): () => void {
    this.#failureListeners.add(listener);
    return () => this.#failureListeners.delete(listener);
  }

  /** For a request that others will refer to; all others get one by themselves. */
  newRequestId(): RequestId {
    this.#numRequests += 1;
    return `${this.clientId}/${String(this.#numRequests)}`;
  }

  /** Ends the worker; what is in flight is rejected with `WorkerFailed`. */
  close(): void {
    this.#end(new LinnetError('WorkerFailed', 'The engine was closed. Start it again to go on.'));
  }

  /** A new worker in the place of the old one. Nothing loaded in the old one survives; the cache does. */
  restart(): void {
    this.close();
    this.#session = this.#connect();
  }

  info(): Promise<EngineInfo> {
    return this.#call((engine) => engine.info());
  }

  stats(): Promise<EngineStats> {
    return this.#call((engine) => engine.stats());
  }

  /** Reads the header of a model file. Rejects with `Aborted` when the signal aborts. */
  inspect(source: ModelSource, options: CallOptions & InspectOptions = {}): Promise<ModelInspection> {
    const request = this.newRequestId();
    const { signal, ...plan } = options;
    const send = (engine: Comlink.Remote<Engine>): Promise<ModelInspection> =>
      engine.inspect(this.clientId, request, source, plan);
    return this.#call(send, { ...(signal === undefined ? {} : { signal }), request });
  }

  /** Rejects with `Aborted` when the signal aborts. No progress is told once this has settled. */
  async load(
    load: Omit<LoadRequest, 'client' | 'request'>,
    options: CallOptions & { readonly onProgress?: (progress: LoadProgress) => void } = {},
  ): Promise<LoadedModel> {
    const request = this.newRequestId();
    let settled = false;
    const onProgress = Comlink.proxy((progress: LoadProgress) => {
      if (!settled) options.onProgress?.(progress);
    });
    const send = (engine: Comlink.Remote<Engine>): Promise<LoadedModel> =>
      engine.load({ ...load, client: this.clientId, request }, onProgress);
    try {
      return await this.#call(send, { ...options, request });
    } finally {
      settled = true;
    }
  }

  unload(model: ModelHandle): Promise<void> {
    return this.#call((engine) => engine.unload(model));
  }

  /**
   * Resolves with `finishReason: 'aborted'` and what was written when the signal aborts. The engine waits until all events have
   * arrived before it tells the result, so nothing comes after this resolves; nor after it rejects.
   */
  async generate(
    { request = this.newRequestId(), ...generation }: Generation,
    options: CallOptions & { readonly onEvents?: (events: readonly GenerationEvent[]) => void } = {},
  ): Promise<GenerationResult> {
    let settled = false;
    const onEvents = Comlink.proxy((events: readonly GenerationEvent[]) => {
      if (!settled) options.onEvents?.(events);
    });
    const send = (engine: Comlink.Remote<Engine>): Promise<GenerationResult> =>
      engine.generate({ ...generation, client: this.clientId, request }, onEvents);
    try {
      return await this.#call(send, { ...options, request });
    } finally {
      settled = true;
    }
  }

  /** A vector for each text, by a model whose `task` is `embedding`. Rejects with `Aborted` when the signal aborts. */
  embed(embedding: Omit<EmbedRequest, 'client' | 'request'>, options: CallOptions = {}): Promise<EmbeddingResult> {
    const request = this.newRequestId();
    return this.#call((engine) => engine.embed({ ...embedding, client: this.clientId, request }), {
      ...options,
      request,
    });
  }

  tokenize(model: ModelHandle, text: string, options?: TokenizeOptions): Promise<readonly number[]> {
    return this.#call((engine) => engine.tokenize(model, text, options));
  }

  detokenize(model: ModelHandle, ids: readonly number[]): Promise<string> {
    return this.#call((engine) => engine.detokenize(model, ids));
  }

  forgetConversation(conversation: ConversationId): Promise<void> {
    return this.#call((engine) => engine.forgetConversation(this.clientId, conversation));
  }

  listCached(): Promise<readonly CachedModel[]> {
    return this.#call((engine) => engine.listCached());
  }

  deleteCached(id: string): Promise<void> {
    return this.#call((engine) => engine.deleteCached(id));
  }

  storage(): Promise<StorageReport> {
    return this.#call((engine) => engine.storage());
  }

  /** What the device can do at most. Seconds of work: best when nothing else runs. Rejects with `Aborted` when the signal aborts. */
  measureRates(types?: readonly string[], options: CallOptions = {}): Promise<DeviceRates> {
    const request = this.newRequestId();
    return this.#call((engine) => engine.measureRates(this.clientId, request, types), { ...options, request });
  }

  async #call<T>(
    send: (engine: Comlink.Remote<Engine>) => Promise<T>,
    options: CallOptions & { readonly request?: RequestId } = {},
  ): Promise<T> {
    const session = this.#session;
    const { signal, request } = options;
    if (session.kind === 'closed') throw session.error;
    if (signal?.aborted === true) throw new LinnetError('Aborted', 'The request was aborted.');

    // The engine has the last word on an abort: it settles the call, so that nothing is still running afterwards.
    const abort = (): void => {
      if (request !== undefined) session.remote.abort(this.clientId, request).catch(() => undefined);
    };
    let rejectOnDeath: (error: LinnetError) => void = () => undefined;
    const death = new Promise<never>((_, reject) => {
      rejectOnDeath = reject;
    });
    this.#inFlight.add(rejectOnDeath);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([send(session.remote), death]);
    } catch (thrown) {
      throw toLinnetError(thrown);
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#inFlight.delete(rejectOnDeath);
    }
  }

  #connect(): Session {
    let channel: EngineChannel;
    try {
      channel = this.#open();
    } catch (thrown) {
      const error = toLinnetError(thrown);
      return {
        kind: 'closed',
        error: error.name === 'Internal' ? new LinnetError('WorkerFailed', error.message) : error,
      };
    }
    const fail = (event: Event): void => {
      const error = new LinnetError('WorkerFailed', describeFailure(event));
      this.#end(error);
      for (const listener of this.#failureListeners) listener(error);
    };
    const events = ['error', 'messageerror', 'close'];
    for (const type of events) channel.addEventListener(type, fail);
    const close = (): void => {
      for (const type of events) channel.removeEventListener(type, fail);
      channel.terminate?.();
      channel.close?.();
    };
    return { kind: 'open', remote: Comlink.wrap<Engine>(channel), close };
  }

  #end(error: LinnetError): void {
    if (this.#session.kind === 'open') this.#session.close();
    this.#session = { kind: 'closed', error };
    for (const reject of [...this.#inFlight]) reject(error);
  }
}

function describeFailure(event: Event): string {
  const advice = 'Start it again to go on.';
  const detail = 'message' in event && typeof event.message === 'string' ? event.message : '';
  if (event.type === 'messageerror') return `A message of the engine could not be read. ${advice}`;
  return detail === '' ? `The engine stopped unexpectedly. ${advice}` : `The engine stopped: ${detail}. ${advice}`;
}
