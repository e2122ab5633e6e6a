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
  ForkRequest,
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
  RestoredConversation,
  RestoreRequest,
  SavedConversation,
  SaveRequest,
  StorageReport,
  TokenizeOptions,
} from '../worker/api.ts';
import { abortedError, LinnetError, toLinnetError } from './errors.ts';
import { randomId } from './ids.ts';

/**
 * Anything that carries messages to an engine: a Worker, or a MessagePort. It is Comlink's `Endpoint` in our own words, so that
 * the types of the package need no other package.
 */
export interface EngineChannel extends Pick<EventTarget, 'addEventListener' | 'removeEventListener'> {
  /** As a MessagePort's. */
  postMessage(message: unknown, transfer?: Transferable[]): void;
  /** A MessagePort has this. */
  readonly start?: () => void;
  /** A Worker has this. */
  readonly terminate?: () => void;
  /** A MessagePort has this. */
  readonly close?: () => void;
}

/** How a client finds its engine. */
export interface EngineClientOptions {
  /** Makes a new channel; called once now and once for each `restart`. */
  readonly open: () => EngineChannel;
  /** Default: chosen at random. */
  readonly clientId?: ClientId;
}

/** What every call may be told. */
export interface CallOptions {
  /** Ends the call when it aborts. */
  readonly signal?: AbortSignal;
}

/** A generation, as `EngineClient.generate` takes it. `request`: from `newRequestId`, where other requests refer to this one. */
export type Generation = Omit<GenerateRequest, 'client' | 'request'> & { readonly request?: RequestId };

type Session =
  | { readonly kind: 'open'; readonly remote: Comlink.Remote<Engine>; readonly close: () => void }
  | { readonly kind: 'closed'; readonly error: LinnetError };

/** Starts the engine's own worker. Throws `BlockedByPolicy` where the page's policy forbids it. */
export function openEngineWorker(): EngineChannel {
  return new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name: 'linnet' });
}

/**
 * The layer below `Linnet`: the engine's calls as they are, with signals and errors of this side. The app itself uses it. Every method
 * rejects with a LinnetError: with `WorkerFailed` once the worker is gone, until `restart`.
 */
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

  /** What the engine runs on. Opens the device. */
  info(): Promise<EngineInfo> {
    return this.#call((engine) => engine.info());
  }

  /** What was done since the device was opened. */
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

  /** Frees the model's memory on the device. Its generations reject with `ModelNotLoaded`. */
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

  /** A vector for each text. Rejects with `Aborted` when the signal aborts. */
  embed(embedding: Omit<EmbedRequest, 'client' | 'request'>, options: CallOptions = {}): Promise<EmbeddingResult> {
    const request = this.newRequestId();
    return this.#call((engine) => engine.embed({ ...embedding, client: this.clientId, request }), {
      ...options,
      request,
    });
  }

  /** The ids of a text as it stands, special tokens read. */
  tokenize(model: ModelHandle, text: string, options?: TokenizeOptions): Promise<readonly number[]> {
    return this.#call((engine) => engine.tokenize(model, text, options));
  }

  /** The text of ids, special tokens shown; what is no whole character is U+FFFD. */
  detokenize(model: ModelHandle, ids: readonly number[]): Promise<string> {
    return this.#call((engine) => engine.detokenize(model, ids));
  }

  /** A conversation of this client as bytes; `note` is handed back with them. Rejects with `Aborted` when the signal aborts. */
  saveConversation(
    { model, conversation, note }: Pick<SaveRequest, 'model' | 'conversation' | 'note'>,
    options: CallOptions = {},
  ): Promise<SavedConversation> {
    const request = this.newRequestId();
    const save = { client: this.clientId, request, model, conversation, ...(note === undefined ? {} : { note }) };
    return this.#call((engine) => engine.saveConversation(save), { ...options, request });
  }

  /** Takes up saved bytes; with `transfer` they are handed over instead of copied, and are empty then. */
  restoreConversation(
    { model, conversation, bytes }: Pick<RestoreRequest, 'model' | 'conversation' | 'bytes'>,
    { transfer = false, ...options }: CallOptions & { readonly transfer?: boolean } = {},
  ): Promise<RestoredConversation> {
    const request = this.newRequestId();
    const restore: RestoreRequest = { client: this.clientId, request, model, conversation, bytes };
    const moved = transfer && bytes instanceof Uint8Array ? [bytes.buffer] : [];
    return this.#call((engine) => engine.restoreConversation(Comlink.transfer(restore, moved)), {
      ...options,
      request,
    });
  }

  /** A second conversation, `asNew`, that goes on from where the first is. */
  forkConversation({
    model,
    conversation,
    asNew,
  }: Pick<ForkRequest, 'model' | 'conversation' | 'asNew'>): Promise<void> {
    const request = this.newRequestId();
    return this.#call((engine) =>
      engine.forkConversation({ client: this.clientId, request, model, conversation, asNew }),
    );
  }

  /** Lets go what is cached of a conversation. */
  forgetConversation(conversation: ConversationId): Promise<void> {
    return this.#call((engine) => engine.forgetConversation(this.clientId, conversation));
  }

  /** The model files in the browser's storage, unfinished ones too. */
  listCached(): Promise<readonly CachedModel[]> {
    return this.#call((engine) => engine.listCached());
  }

  /** Deletes a model file from the storage; a loaded model goes on. */
  deleteCached(id: string): Promise<void> {
    return this.#call((engine) => engine.deleteCached(id));
  }

  /** How full the storage is. */
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
    if (signal?.aborted === true) throw abortedError();

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
