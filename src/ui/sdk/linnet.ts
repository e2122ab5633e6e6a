/**
 * The library: an engine in its worker, and models that answer, for a program instead of a page. No DOM beyond `Worker`,
 * no Lit. A thin layer over the client, in two ways: OpenAI's shapes (`chat`, `completions`, `embeddings`, `models`), and
 * models as objects whose answers are iterated.
 */
import type {
  CachedModel,
  ChatMessage,
  DeviceRates,
  EmbedRequest,
  EngineInfo,
  GenerateRequest,
  InspectOptions,
  LoadedModel,
  LoadProgress,
  LoadRequest,
  ModelInspection,
  ModelSource,
  StorageReport,
  TokenizeOptions,
} from '../../worker/api.ts';
import { EngineClient, openEngineWorker, type CallOptions, type EngineChannel } from '../client.ts';
import { toLinnetError } from '../errors.ts';
import type { Answer, GenerateOptions } from './answer.ts';
import { ChatCompletions } from './chat.ts';
import { Completions } from './completions.ts';
import { Embeddings } from './embeddings.ts';
import { secondsNow, type NamedModel } from './host.ts';
import { LoadedModels, Models } from './models.ts';
import { Queue } from './queue.ts';
import { withOnnx, type OnnxOptions } from './onnx/onnx-embeddings.ts';
import { OnnxWorkerClient } from './onnx/onnx-worker-client.ts';
import { place, type Placement } from './remote/place.ts';
import type { RemoteOptions } from './remote/options.ts';
import { unfitBy } from './remote/policy.ts';
import { routed, RoutedModels } from './remote/routed.ts';
import { Router } from './remote/router.ts';
import { missing } from './request-error.ts';
import { Session, type RestoreOptions, type SessionHost, type SessionOptions } from './session.ts';
import { score, select, type Score, type ScoreOptions, type Selection } from './score.ts';
import { fromPage } from './source.ts';

/** What a load may be told, besides where the model comes from. */
export type LoadOptions = CallOptions &
  Omit<LoadRequest, 'client' | 'request' | 'source'> & {
    /** Told how far it is, some times a second. */
    readonly onProgress?: (progress: LoadProgress) => void;
    /** What requests call the model. Default: the name that its file gives, with a number behind it where that is taken. */
    readonly id?: string;
  };

/**
 * An engine and its models; made by `createEngine`. What is given as a promise rejects with a LinnetError, or with a RequestError where
 * a parameter is to blame.
 */
export class Linnet {
  readonly chat: { readonly completions: Pick<ChatCompletions, 'create'> };
  readonly completions: Pick<Completions, 'create'>;
  readonly embeddings: Pick<Embeddings, 'create'>;
  readonly models: Pick<Models, 'list' | 'retrieve'>;
  readonly #client: EngineClient;
  readonly #loaded = new LoadedModels();
  readonly #router: Router | undefined;
  readonly #onnxWorker = new OnnxWorkerClient();

  /**
   * `open` is for engines that live elsewhere than in Linnet's own worker, `remote` for a server beside them, `onnx` for
   * models that another library computes.
   * @throws RequestError for options that are wrong
   */
  constructor(open: () => EngineChannel = openEngineWorker, remote?: RemoteOptions, onnx?: OnnxOptions) {
    const router = remote === undefined ? undefined : new Router(remote, this.#loaded);
    this.#router = router;
    this.#client = new EngineClient({ open });
    const host = { client: this.#client, modelOf: (id: string | undefined) => this.#loaded.get(id) };
    const chat = new ChatCompletions(host);
    const completions = new Completions(host);
    const embeddings = new Embeddings(host);
    const models = new Models(this.#loaded);
    this.chat = { completions: router === undefined ? chat : routed(router, 'chat/completions', chat) };
    this.completions = router === undefined ? completions : routed(router, 'completions', completions);
    const embedding = router === undefined ? embeddings : routed(router, 'embeddings', embeddings);
    this.embeddings = onnx === undefined ? embedding : withOnnx(onnx, this.#onnxWorker, embedding);
    this.models = router === undefined ? models : new RoutedModels(router, models, this.#loaded);
  }

  /** What the engine runs on. Opens the device. */
  info(): Promise<EngineInfo> {
    return this.#client.info();
  }

  /** What a model needs, before anything but its header is fetched. */
  inspect(source: ModelSource, options: CallOptions & InspectOptions = {}): Promise<ModelInspection> {
    return this.#client.inspect(fromPage(source), options);
  }

  /**
   * Fetches a model, unless it is kept already, and makes it ready on the GPU.
   * @throws RequestError for an id that is taken; LinnetError naming what is wrong with the file, the network or the device
   */
  async load(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
    const { signal, onProgress, id, ...load } = options;
    const call = { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
    const release = this.#loaded.reserve(id);
    try {
      const loaded = await this.#client.load({ ...load, source: fromPage(source) }, call);
      const model = new Model(this.#client, loaded, id ?? this.#loaded.freeId(loaded.inspection.name), () => {
        this.#loaded.delete(model);
      });
      this.#loaded.add(model);
      this.#router?.noteLoaded(model.id);
      return model;
    } catch (thrown) {
      const error = toLinnetError(thrown);
      const unfit = unfitBy(error);
      if (id !== undefined && unfit !== undefined) this.#router?.noteUnfit(id, unfit, error);
      throw error;
    } finally {
      release();
    }
  }

  /**
   * Loads a model if it fits this device and can be as fast as `remote.minTokensPerSecond`; otherwise its requests are for the server.
   * With the policy `local` it is `load`. Measuring the speed takes seconds, and is done only where that is given.
   * @throws LinnetError as `load`, for what a server would not help with; RequestError without `remote`
   */
  async place(source: ModelSource, options: LoadOptions = {}): Promise<Placement<Model>> {
    if (this.#router === undefined) throw missing('remote (an option of createEngine)');
    return place(this, this.#router, source, options);
  }

  /** What the device can do at most: seconds of work, best when nothing else runs. `types`: block types. Default: all. */
  measureRates(types?: readonly string[], options: CallOptions = {}): Promise<DeviceRates> {
    return this.#client.measureRates(types, options);
  }

  /** The model files in the browser's storage, unfinished ones too. */
  listCached(): Promise<readonly CachedModel[]> {
    return this.#client.listCached();
  }

  /** Deletes a model file from the storage; a loaded model goes on. */
  deleteCached(id: string): Promise<void> {
    return this.#client.deleteCached(id);
  }

  /** How full the browser's storage is. */
  storage(): Promise<StorageReport> {
    return this.#client.storage();
  }

  /** Ends the worker. Whatever is in flight rejects with `WorkerFailed`. */
  close(): void {
    this.#onnxWorker.close();
    this.#client.close();
  }
}

/** A loaded model, below OpenAI's shapes. */
export class Model implements NamedModel {
  readonly id: string;
  readonly loaded: LoadedModel;
  readonly created = secondsNow();
  readonly #client: EngineClient;
  readonly #onUnload: () => void;

  constructor(client: EngineClient, loaded: LoadedModel, id: string, onUnload: () => void) {
    this.#client = client;
    this.loaded = loaded;
    this.id = id;
    this.#onUnload = onUnload;
  }

  /** The next message of a conversation, rendered by the model's own template. */
  chat(messages: readonly ChatMessage[], options: GenerateOptions = {}): Answer {
    return this.#generate({ kind: 'chat', messages }, options);
  }

  /** What comes after a text, with no template around it. */
  complete(text: string, options: GenerateOptions = {}): Answer {
    return this.#generate({ kind: 'text', text }, options);
  }

  /**
   * A vector for each text. Of a model whose `loaded.task` is `generation` it is the mean of the hidden states of all tokens, or, by
   * `pooling`, that of the last; such a vector means less than one of a model for embeddings. `normalize`: of length 1.
   */
  async embed(
    texts: readonly string[],
    { normalize, pooling, ...options }: CallOptions & Pick<EmbedRequest, 'normalize' | 'pooling'> = {},
  ): Promise<readonly Float32Array[]> {
    const request = {
      model: this.loaded.handle,
      inputs: texts,
      ...(normalize === undefined ? {} : { normalize }),
      ...(pooling === undefined ? {} : { pooling }),
    };
    const { embeddings } = await this.#client.embed(request, options);
    return embeddings;
  }

  /** What comes after ids, which are taken as they are. */
  continue(ids: readonly number[], options: GenerateOptions = {}): Answer {
    return this.#generate({ kind: 'tokens', ids }, options);
  }

  /** A conversation that is kept here: what was said, and, in the engine, what was computed of it. */
  session(options: SessionOptions = {}): Session {
    return new Session(this.#sessionHost, options);
  }

  /** A conversation that `Session.save` gave, as if it had never left. @throws LinnetError `SessionInvalid`, `ContextFull` ... */
  restore(bytes: Uint8Array<ArrayBuffer> | Blob, options: RestoreOptions = {}): Promise<Session> {
    return Session.restore(this.#sessionHost, bytes, options);
  }

  /** How likely the model finds a text, token by token: natural logarithms, at temperature 1, before bias and penalties. */
  score(text: string | readonly number[], options: ScoreOptions = {}): Promise<Score> {
    return score(this.#client, this.loaded.handle, text, options);
  }

  /**
   * The likeliest of several texts behind `given`, by the sum of their log-probabilities. Longer texts have more to lose:
   * `scores` has the tokens, for those who want to divide by their number.
   */
  select(choices: readonly string[], options: ScoreOptions = {}): Promise<Selection> {
    return select(this.#client, this.loaded.handle, choices, options);
  }

  /** The ids of a text as it stands, special tokens read; `asPrompt`: with the token in front that the model wants there. */
  tokenize(text: string, options?: TokenizeOptions): Promise<readonly number[]> {
    return this.#client.tokenize(this.loaded.handle, text, options);
  }

  /** The text of ids, special tokens shown; what is no whole character is U+FFFD. */
  detokenize(ids: readonly number[]): Promise<string> {
    return this.#client.detokenize(this.loaded.handle, ids);
  }

  /** Frees the model's memory on the device. Requests no longer find it, and those that run reject with `ModelNotLoaded`. */
  unload(): Promise<void> {
    this.#onUnload();
    return this.#client.unload(this.loaded.handle);
  }

  get #sessionHost(): SessionHost {
    return {
      client: this.#client,
      model: this.loaded.handle,
      generate: (input, options) => this.#generate(input, options),
    };
  }

  #generate(input: GenerateRequest['input'], options: GenerateOptions): Answer {
    const { signal, onEvents, ...request } = options;
    const abort = new AbortController();
    const pieces = new Queue<string>();
    const result = this.#client.generate(
      { ...request, input, model: this.loaded.handle },
      {
        signal: signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]),
        onEvents: (events) => {
          for (const event of events) if (event.kind === 'delta') pieces.push(event.text);
          onEvents?.(events);
        },
      },
    );
    result.then(
      () => {
        pieces.end();
      },
      () => {
        pieces.end();
      },
    );
    return {
      result,
      async *[Symbol.asyncIterator]() {
        try {
          yield* pieces.drain();
          // A failure is thrown where the text was being read.
          await result;
        } finally {
          abort.abort();
        }
      },
    };
  }
}
