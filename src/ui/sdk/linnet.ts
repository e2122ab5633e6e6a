/**
 * The library: an engine in its worker, and models that answer, for a program instead of a page. No DOM beyond `Worker`,
 * no Lit. A thin layer over the client: it adds handles that are objects and answers that are iterated.
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
} from '../../worker/api.ts';
import { EngineClient, openEngineWorker, type CallOptions, type EngineChannel } from '../client.ts';

/** What a generation may be told, besides its input. */
export type GenerateOptions = CallOptions &
  Omit<GenerateRequest, 'client' | 'request' | 'model' | 'input'> & {
    readonly onEvents?: (events: readonly GenerationEvent[]) => void;
  };

export type LoadOptions = CallOptions &
  Omit<LoadRequest, 'client' | 'request' | 'source'> & { readonly onProgress?: (progress: LoadProgress) => void };

/**
 * An answer while it is written: iterate it for the text, piece by piece, or await `result` for all of it. Leaving the loop
 * early aborts the generation. Iterate it once.
 */
export interface Answer extends AsyncIterable<string> {
  /** Rejects with a LinnetError; resolves with `finishReason: 'aborted'` when it was aborted. */
  readonly result: Promise<GenerationResult>;
}

export class Linnet {
  readonly #client: EngineClient;

  /** `open` is for engines that live elsewhere than in Linnet's own worker. */
  constructor(open: () => EngineChannel = openEngineWorker) {
    this.#client = new EngineClient({ open });
  }

  info(): Promise<EngineInfo> {
    return this.#client.info();
  }

  /** What a model needs, before anything but its header is fetched. */
  inspect(source: ModelSource, options: CallOptions & InspectOptions = {}): Promise<ModelInspection> {
    return this.#client.inspect(source, options);
  }

  async load(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
    const { signal, onProgress, ...load } = options;
    const call = { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
    return new Model(this.#client, await this.#client.load({ ...load, source }, call));
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

export class Model {
  readonly loaded: LoadedModel;
  readonly #client: EngineClient;

  constructor(client: EngineClient, loaded: LoadedModel) {
    this.#client = client;
    this.loaded = loaded;
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

  tokenize(text: string): Promise<readonly number[]> {
    return this.#client.tokenize(this.loaded.handle, text);
  }

  unload(): Promise<void> {
    return this.#client.unload(this.loaded.handle);
  }

  #generate(input: GenerateRequest['input'], options: GenerateOptions): Answer {
    const { signal, onEvents, ...request } = options;
    const abort = new AbortController();
    const pieces = new Pieces();
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

/** Text that arrives when it likes and is taken when the reader likes. */
class Pieces {
  #waiting: string[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  push(piece: string): void {
    this.#waiting.push(piece);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *drain(): AsyncGenerator<string, void> {
    for (;;) {
      const pieces = this.#waiting;
      this.#waiting = [];
      yield* pieces;
      if (this.#waiting.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
