/**
 * The library: an engine in its worker, and models that answer, for a program instead of a page. No DOM beyond `Worker`,
 * no Lit. A thin layer over the client, in two ways: OpenAI's shapes (`chat`, `completions`, `embeddings`, `models`), and
 * models as objects whose answers are iterated.
 */
import type {
  CachedModel,
  ChatMessage,
  EmbedRequest,
  EngineInfo,
  GenerateRequest,
  GenerationEvent,
  GenerationResult,
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
import { ChatCompletions } from './chat.ts';
import { Completions } from './completions.ts';
import { Embeddings } from './embeddings.ts';
import { secondsNow, type NamedModel } from './host.ts';
import { LoadedModels, Models } from './models.ts';
import { Queue } from './queue.ts';
import { score, select, type Score, type ScoreOptions, type Selection } from './score.ts';
import { fromPage } from './source.ts';

/** What a generation may be told, besides its input. */
export type GenerateOptions = CallOptions &
  Omit<GenerateRequest, 'client' | 'request' | 'model' | 'input'> & {
    readonly onEvents?: (events: readonly GenerationEvent[]) => void;
  };

export type LoadOptions = CallOptions &
  Omit<LoadRequest, 'client' | 'request' | 'source'> & {
    readonly onProgress?: (progress: LoadProgress) => void;
    /** What requests call the model. Default: the name that its file gives, with a number behind it where that is taken. */
    readonly id?: string;
  };

/**
 * An answer while it is written: iterate it for the text, piece by piece, or await `result` for all of it. Leaving the loop
 * early aborts the generation. Iterate it once.
 */
export interface Answer extends AsyncIterable<string> {
  /** Rejects with a LinnetError; resolves with `finishReason: 'aborted'` when it was aborted. */
  readonly result: Promise<GenerationResult>;
}

export class Linnet {
  readonly chat: { readonly completions: ChatCompletions };
  readonly completions: Completions;
  readonly embeddings: Embeddings;
  readonly models: Models;
  readonly #client: EngineClient;
  readonly #loaded = new LoadedModels();

  /** `open` is for engines that live elsewhere than in Linnet's own worker. */
  constructor(open: () => EngineChannel = openEngineWorker) {
    this.#client = new EngineClient({ open });
    const host = { client: this.#client, modelOf: (id: string | undefined) => this.#loaded.get(id) };
    this.chat = { completions: new ChatCompletions(host) };
    this.completions = new Completions(host);
    this.embeddings = new Embeddings(host);
    this.models = new Models(this.#loaded);
  }

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
      return model;
    } finally {
      release();
    }
  }

  listCached(): Promise<readonly CachedModel[]> {
    return this.#client.listCached();
  }

  deleteCached(id: string): Promise<void> {
    return this.#client.deleteCached(id);
  }

  storage(): Promise<StorageReport> {
    return this.#client.storage();
  }

  /** Ends the worker. Whatever is in flight rejects with `WorkerFailed`. */
  close(): void {
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

  /** A vector for each text, by a model whose `loaded.task` is `embedding`. `normalize`: of length 1. */
  async embed(
    texts: readonly string[],
    { normalize, ...options }: CallOptions & Pick<EmbedRequest, 'normalize'> = {},
  ): Promise<readonly Float32Array[]> {
    const request = { model: this.loaded.handle, inputs: texts, ...(normalize === undefined ? {} : { normalize }) };
    const { embeddings } = await this.#client.embed(request, options);
    return embeddings;
  }

  /** What comes after ids, which are taken as they are. */
  continue(ids: readonly number[], options: GenerateOptions = {}): Answer {
    return this.#generate({ kind: 'tokens', ids }, options);
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

  unload(): Promise<void> {
    this.#onUnload();
    return this.#client.unload(this.loaded.handle);
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
