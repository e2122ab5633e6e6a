/**
 * The contract between a page and the engine in its worker: types only, nothing that runs, no imports but of its own parts.
 * It knows nothing of GPUs, files or tokens' inner workings. `ui` may import it (as types) and nothing else of `worker`.
 * Every call carries ids, so that one engine can serve many pages; abort is a message, because an AbortSignal
 * cannot be cloned. Units: `Bytes`, `Ms`; counts start with `num`. What is about the device is in api-device.ts.
 */
import type { DeviceRates, EngineInfo, EngineStats, Precision } from './api-device.ts';

export type * from './api-device.ts';

// ---------------------------------------------------------------------------------------------- identifiers

/** One page, embed or test that talks to the engine. */
export type ClientId = string;
/** A loaded model; valid until `unload`. */
export type ModelHandle = string;
/** One generation or load; chosen by the client, unique within it. */
export type RequestId = string;
/** A conversation whose cached prefix is worth keeping; chosen by the client. */
export type ConversationId = string;

// ---------------------------------------------------------------------------------------------- errors

/** The closed list of error names. `name` is the code that crosses the wire; `message` says what to do next. */
export type LinnetErrorName =
  // the file
  | 'NotGguf'
  | 'UnsupportedGgufVersion'
  | 'GgufTruncated'
  | 'GgufInvalid'
  | 'UnsupportedTensorType'
  | 'UnsupportedArchitecture'
  | 'UnsupportedTokenizer'
  | 'MissingTensor'
  // network and storage
  | 'NetworkFailed'
  | 'HttpFailed'
  | 'RepositoryNotFound'
  | 'SourceChanged'
  | 'StorageFull'
  | 'StorageUnavailable'
  | 'CacheCorrupt'
  // the device
  | 'NoWebGpu'
  | 'DeviceLost'
  | 'OutOfMemory'
  | 'LimitExceeded'
  | 'ShaderFailed'
  // the request
  | 'InvalidRequest'
  | 'ContextFull'
  | 'ModelNotLoaded'
  | 'TemplateFailed'
  | 'Aborted'
  // the worker itself
  | 'WorkerFailed'
  | 'BlockedByPolicy'
  | 'Internal';

// ---------------------------------------------------------------------------------------------- models

/** Where a model comes from. */
export type ModelSource =
  /** A `.gguf` file on any host that lets pages read it (CORS). The library reads a relative URL from the page. */
  | { readonly kind: 'url'; readonly url: string }
  /** A Hugging Face repository `owner/name`; `file` picks one of its GGUF files (default: the best 4-bit one). */
  | {
      readonly kind: 'huggingFace';
      readonly repo: string;
      readonly file?: string;
      readonly revision?: string;
      /** Base URL of the hub; default the public one. */
      readonly hub?: string;
    }
  | { readonly kind: 'file'; readonly file: File }
  /** A model that is already in the cache, by its `CachedModel.id`. */
  | { readonly kind: 'cached'; readonly id: string };

/** How keys and values are kept; the quantised ones take about a half (q8_0) and a quarter (q4_0) of f16's bytes. */
export type KvType = 'f32' | 'f16' | 'q8_0' | 'q4_0';

/** How the kernels for a model are chosen among those that this device can run. */
export type SelfTestMode =
  /** The default: what the model needs is checked before its first token; when idle the others are, and the right ones timed. */
  | 'full'
  /** Nothing is timed. */
  | 'check'
  /** Nothing is checked: the variants that are usual on such a device. */
  | 'skip';

/** What happens when a conversation no longer fits the context. */
export type OverflowPolicy =
  /** The generation ends with `finishReason: 'length'`; a prompt that does not fit is a `ContextFull` error. */
  | 'stop'
  /** The oldest turns after the system prompt are left out, and an event says which. */
  | 'dropOldestTurns';

export interface LoadRequest {
  readonly client: ClientId;
  readonly request: RequestId;
  readonly source: ModelSource;
  /** Tokens of context to reserve; default: the model's own, at most 4096 and what fits the device. */
  readonly contextLength?: number;
  readonly kvType?: KvType;
  readonly precision?: Precision;
  /** Keep the file in IndexedDB (default true). */
  readonly keep?: boolean;
  readonly selfTest?: SelfTestMode;
}

/** What a load would be asked for, so that an inspection tells its true numbers. */
export type InspectOptions = Pick<LoadRequest, 'contextLength' | 'kvType' | 'precision'>;

/** What the header of a model file says, and whether this device can run it. Known before any weight is fetched. */
export interface ModelInspection {
  readonly name: string;
  readonly architecture: string;
  /** The commonest weight type, e.g. `Q4_K`. */
  readonly weightType: string;
  readonly numParameters: number;
  readonly fileBytes: number;
  readonly contextLength: number;
  readonly licence: string | undefined;
  /** True when every byte of it is in the cache already. */
  readonly cached: boolean;
  /** Bytes on the GPU: weights, key-value cache for the context that would be used, scratch. */
  readonly gpuBytes: { readonly weights: number; readonly kvCache: number; readonly scratch: number };
  /** The context that would be used. */
  readonly plannedContextLength: number;
  /**
   * Weights that a token is multiplied with, by type: those of the layers, and those of the vocabulary head, which of a
   * prompt only the last token needs.
   */
  readonly multiplied: {
    readonly layers: Readonly<Record<string, number>>;
    readonly head: Readonly<Record<string, number>>;
  };
}

export type LoadPhase = 'resolving' | 'downloading' | 'uploading' | 'compiling' | 'ready';

export interface LoadProgress {
  readonly request: RequestId;
  readonly phase: LoadPhase;
  readonly doneBytes: number;
  readonly totalBytes: number | undefined;
  /** Of `doneBytes`, how many came over the network (0 for a cached model). */
  readonly networkBytes: number;
  readonly bytesPerSecond: number | undefined;
  readonly remainingMs: number | undefined;
}

export interface LoadedModel {
  readonly handle: ModelHandle;
  /** Identity in the cache; absent when the file is not kept. */
  readonly cacheId: string | undefined;
  readonly inspection: ModelInspection;
  readonly contextLength: number;
  readonly precision: Precision;
  readonly vocabSize: number;
  /** What the model is for: `generate`, or `embed`. */
  readonly task: 'generation' | 'embedding';
  /** False: the file has neither a chat template nor chat tokens. Such a model goes on with a text: send `text`. */
  readonly isChatModel: boolean;
  /** What the file recommends (`general.sampling.*`); used for what a request leaves open. */
  readonly recommendedSampling: RecommendedSampling;
  /** Notes a person should see, e.g. "the chat template failed, a default is used". */
  readonly notes: readonly string[];
  readonly timings: { readonly totalMs: number; readonly uploadMs: number; readonly compileMs: number };
}

export interface CachedModel {
  readonly id: string;
  readonly name: string;
  readonly url: string | undefined;
  readonly sizeBytes: number;
  /** Bytes present; less than `sizeBytes` for a download that was interrupted. */
  readonly storedBytes: number;
  readonly complete: boolean;
  /** Milliseconds since the epoch. */
  readonly lastUsedMs: number;
}

// ---------------------------------------------------------------------------------------------- generation

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
}

/** Everything optional; the defaults are the model's `recommendedSampling`, then those named here. */
export interface SamplingParams {
  /** 0 is greedy. Default 0.7. */
  readonly temperature?: number;
  /** 0 keeps all. Default 40. */
  readonly topK?: number;
  /** In (0, 1]; 1 keeps all. Default 0.95. */
  readonly topP?: number;
  /** In [0, 1); relative to the most likely token; 0 keeps all. Default 0.05. */
  readonly minP?: number;
  /** 1 is none; applies to tokens of prompt and output. Default 1. */
  readonly repetitionPenalty?: number;
  /** Applies to tokens of the output. Default 0. */
  readonly presencePenalty?: number;
  /** Applies to tokens of the output, times their count. Default 0. */
  readonly frequencyPenalty?: number;
  /** Added to logits before everything else; at most 1024 entries; -Infinity is not allowed, use -100. */
  readonly logitBias?: Readonly<Record<number, number>>;
  /** An unsigned 32-bit number; same seed, same text on the same adapter and kernel variants. Default: chosen at random and reported. */
  readonly seed?: number;
  /** How many alternatives to report with each token, 0 to 20. Default: none, and no log-probabilities. */
  readonly topLogprobs?: number;
}

export type RecommendedSampling = Pick<SamplingParams, 'temperature' | 'topK' | 'topP' | 'minP' | 'repetitionPenalty'>;

/** Whether tokens are guessed ahead and several verified in one step. */
export type SpeculationPolicy =
  /** One token a step. */
  | 'off'
  /** Guesses that the text goes on as it did where its last few tokens occurred before: in it, its prompt, its hints. */
  | 'ngram';

export interface GenerateRequest {
  readonly client: ClientId;
  readonly request: RequestId;
  readonly model: ModelHandle;
  /** Chat messages (rendered by the model's template), plain text, or token ids as they are. */
  readonly input:
    | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] }
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'tokens'; readonly ids: readonly number[] };
  readonly conversation?: ConversationId;
  /**
   * A request of this client, sent before, for the same model and prompt: this one waits until that prompt has been computed, and
   * takes it over whole. Where that request is over or never was, nothing is waited for. It changes what is computed and no text.
   */
  readonly samePromptAs?: RequestId;
  readonly sampling?: SamplingParams;
  /** Default: until the model stops or the context is full. */
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  readonly overflow?: OverflowPolicy;
  /** Go on after the end-of-generation token (benchmarks, tests). */
  readonly ignoreEos?: boolean;
  /**
   * Tokens that the answer begins with, however unlikely; `maxTokens` counts them. Log-probabilities of a given text are asked
   * for by this, with `ignoreEos`. Several are computed in a step.
   */
  readonly forced?: readonly number[];
  /** Default `ngram`: the text is the same, bit for bit, and takes fewer steps where it repeats something. */
  readonly speculation?: SpeculationPolicy;
  /**
   * Texts the answer is likely to repeat parts of: the page, a selection, the file that is edited; the likeliest last. They
   * are no part of the prompt and never change the answer; guesses are looked up in them too. The last 262 144 characters
   * of them count.
   */
  readonly hints?: readonly string[];
}

export type FinishReason = 'stop' | 'length' | 'aborted';

export interface TokenLogprob {
  readonly token: number;
  readonly text: string;
  /** What the token stands for; a character may be spread over several tokens, whose texts then say `\ufffd`. */
  readonly bytes: readonly number[];
  readonly logprob: number;
}

export type GenerationEvent =
  /** The prompt is known: how long it is, how much of it the cache had. */
  | {
      readonly kind: 'started';
      readonly numPromptTokens: number;
      readonly numCachedTokens: number;
      readonly seed: number;
    }
  | { readonly kind: 'prefill'; readonly numDone: number; readonly numTotal: number }
  | { readonly kind: 'delta'; readonly text: string }
  /** Of each token in turn, those of a stop string too. `isEnd`: it is the model's end token, which has no text. */
  | {
      readonly kind: 'logprobs';
      readonly chosen: TokenLogprob;
      readonly top: readonly TokenLogprob[];
      readonly isEnd: boolean;
    }
  /** Something a person should know about how the prompt was made. */
  | { readonly kind: 'note'; readonly text: string }
  /** Turns that no longer fit were left out; indices into `messages`. */
  | { readonly kind: 'turnsDropped'; readonly messages: readonly number[] };

export interface GenerationResult {
  readonly request: RequestId;
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly numPromptTokens: number;
  readonly numCachedTokens: number;
  readonly numGeneratedTokens: number;
  /** Tokens guessed ahead: `numGeneratedTokens` is `numSteps` plus `numAcceptedTokens`. */
  readonly speculation: {
    /** Steps that gave tokens. */
    readonly numSteps: number;
    readonly numDraftTokens: number;
    readonly numAcceptedTokens: number;
  };
  /** Tokens of context this conversation now holds. */
  readonly contextUsed: number;
  readonly contextLength: number;
  readonly timings: {
    readonly timeToFirstTokenMs: number;
    readonly prefillMs: number;
    readonly decodeMs: number;
    readonly prefillTokensPerSecond: number;
    readonly decodeTokensPerSecond: number;
  };
}

// ---------------------------------------------------------------------------------------------- embeddings

/** Of a model whose `task` is `embedding`. */
export interface EmbedRequest extends Pick<GenerateRequest, 'client' | 'request' | 'model'> {
  /** Texts, to which the tokens are added that the model wants at their ends; or token ids as they are. */
  readonly inputs: readonly (string | readonly number[])[];
  /** Divide each vector by its length, so that dot products are cosines. Default: as the model's pooling gives them. */
  readonly normalize?: boolean;
}

export interface EmbeddingResult {
  /** One for each input, in their order. */
  readonly embeddings: readonly Float32Array[];
  readonly numTokens: number;
}

// ---------------------------------------------------------------------------------------------- the engine

/** One description of the host the engine runs in. */
export interface StorageReport {
  readonly usedBytes: number;
  readonly quotaBytes: number | undefined;
  readonly persisted: boolean;
}

/** Callbacks come in batches, at most one call per animation-frame length. */
export type OnProgress = (progress: LoadProgress) => void;
/** What it returns is awaited before the generation's result is told, so that no event comes behind that. */
export type OnEvents = (events: readonly GenerationEvent[]) => unknown;

export interface TokenizeOptions {
  readonly asPrompt?: boolean;
}

export interface Engine {
  info(): Promise<EngineInfo>;
  stats(): Promise<EngineStats>;
  /** Reads the header alone: at most a few megabytes, whatever the size of the file. */
  inspect(
    client: ClientId,
    request: RequestId,
    source: ModelSource,
    options?: InspectOptions,
  ): Promise<ModelInspection>;
  load(request: LoadRequest, onProgress: OnProgress): Promise<LoadedModel>;
  unload(model: ModelHandle): Promise<void>;
  generate(request: GenerateRequest, onEvents: OnEvents): Promise<GenerationResult>;
  /** A vector for each text. A text that is longer than the model takes is a `ContextFull` error, and none is embedded. */
  embed(request: EmbedRequest): Promise<EmbeddingResult>;
  /** Ends a load or an embedding (`Aborted`) or a generation (`finishReason: 'aborted'`); unknown ids are ignored. */
  abort(client: ClientId, request: RequestId): Promise<void>;
  /** The ids of a text as it stands, special tokens read; `asPrompt`: with the token in front that the model wants there. */
  tokenize(model: ModelHandle, text: string, options?: TokenizeOptions): Promise<readonly number[]>;
  /** The text of ids, special tokens shown; what is no whole character is U+FFFD. */
  detokenize(model: ModelHandle, ids: readonly number[]): Promise<string>;
  forgetConversation(client: ClientId, conversation: ConversationId): Promise<void>;
  listCached(): Promise<readonly CachedModel[]>;
  deleteCached(id: string): Promise<void>;
  storage(): Promise<StorageReport>;
  /**
   * Measures the device: seconds of work, with which nothing else should compete. `types`: the block types wanted, all
   * unless said. Ends with `Aborted` when the request is.
   */
  measureRates(client: ClientId, request: RequestId, types?: readonly string[]): Promise<DeviceRates>;
}
