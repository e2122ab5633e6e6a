/**
 * The contract between a page and the engine in its worker: types only, nothing that runs, no imports but of its own parts.
 * It knows nothing of GPUs, files or tokens' inner workings. `ui` may import it (as types) and nothing else of `worker`.
 * Every call carries ids, so that one engine can serve many pages; abort is a message, because an AbortSignal
 * cannot be cloned. Units: `Bytes`, `Ms`; counts start with `num`. What is about the device is in api-device.ts, about
 * saved conversations in api-session.ts.
 */
import type { DeviceRates, EngineInfo, EngineStats, Precision } from './api-device.ts';
import type {
  ForkRequest,
  RestoredConversation,
  RestoreRequest,
  SavedConversation,
  SaveRequest,
} from './api-session.ts';

export type * from './api-device.ts';
export type * from './api-onnx.ts';
export type * from './api-session.ts';

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
  | 'GrammarFailed'
  | 'SessionInvalid'
  | 'Aborted'
  // a server that computes in the place of the device
  | 'RemoteFailed'
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

/** What `load` is asked for. Memory follows from it: `inspect` tells how much before anything but the header is fetched. */
export interface LoadRequest {
  readonly client: ClientId;
  readonly request: RequestId;
  readonly source: ModelSource;
  /** Tokens of context to reserve; default: the model's own, at most 4096 and what fits the device. */
  readonly contextLength?: number;
  /** Default: `f16`, on devices without 16-bit floats too. */
  readonly kvType?: KvType;
  /** Default: `exact`. */
  readonly precision?: Precision;
  /** Keep the file in IndexedDB (default true). */
  readonly keep?: boolean;
  /** Default: `full`. */
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
  /** Tokens that the model was made for. */
  readonly contextLength: number;
  /** As the file says it (`general.license`). */
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

/** Where a load is. Weights are uploaded as they arrive, and kernels compile meanwhile: told is what is waited for. */
export type LoadPhase = 'resolving' | 'downloading' | 'uploading' | 'compiling' | 'ready';

/** How far a load is. */
export interface LoadProgress {
  readonly request: RequestId;
  readonly phase: LoadPhase;
  /** What has been fetched while `downloading`, then what has been uploaded to the device. */
  readonly doneBytes: number;
  /** Undefined until the host has told it. */
  readonly totalBytes: number | undefined;
  /** Of `doneBytes`, how many came over the network (0 for a cached model). */
  readonly networkBytes: number;
  /** Of the last seconds of the download; undefined otherwise. */
  readonly bytesPerSecond: number | undefined;
  readonly remainingMs: number | undefined;
}

/** A model that is ready to be asked. */
export interface LoadedModel {
  readonly handle: ModelHandle;
  /** Identity in the cache; absent when the file is not kept. */
  readonly cacheId: string | undefined;
  readonly inspection: ModelInspection;
  /** Tokens that a conversation may have, prompt and answer together. */
  readonly contextLength: number;
  readonly precision: Precision;
  readonly vocabSize: number;
  /** What the model is for: `generate`, or `embed`. */
  readonly task: 'generation' | 'embedding';
  /** False: the file has neither a chat template nor chat tokens. Such a model goes on with a text: send `text`. */
  readonly isChatModel: boolean;
  /** How it calls tools: one of the names in docs/api.md. Absent: requests with tools are refused. */
  readonly toolFormat?: string;
  /** What the file recommends (`general.sampling.*`); used for what a request leaves open. */
  readonly recommendedSampling: RecommendedSampling;
  /** Notes a person should see, e.g. "the chat template failed, a default is used". */
  readonly notes: readonly string[];
  readonly timings: { readonly totalMs: number; readonly uploadMs: number; readonly compileMs: number };
}

/** A model file in the browser's storage. */
export interface CachedModel {
  /** What `{ kind: 'cached', id }` of a source names. */
  readonly id: string;
  readonly name: string;
  /** Where it came from; undefined for a file of the visitor's. */
  readonly url: string | undefined;
  readonly sizeBytes: number;
  /** Bytes present; less than `sizeBytes` for a download that was interrupted. */
  readonly storedBytes: number;
  readonly complete: boolean;
  /** Milliseconds since the epoch. */
  readonly lastUsedMs: number;
}

// ---------------------------------------------------------------------------------------------- generation

/** One turn of a conversation, as the model's chat template reads it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  /** '' where the assistant said nothing but its calls. */
  readonly content: string;
  /** Of the assistant: what it called, behind what it said. */
  readonly toolCalls?: readonly ToolCall[];
  /** Of a `tool`: the call that it answers. */
  readonly toolCallId?: string;
  /** Of a `tool`: which one; default: the one that the call with its id names. */
  readonly name?: string;
}

/** A function that the model may ask its caller to call. */
export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  /** The JSON schema of an object, whose properties are the arguments. Default: no arguments. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Where arguments cannot be kept to the schema, it is an error. Default: a note, where the model is free to call. */
  readonly strict?: boolean;
}

/** A call that the model asks for. */
export interface ToolCall {
  /** Unlike that of any other call of a conversation: nine letters and digits. */
  readonly id: string;
  readonly name: string;
  /** JSON of an object, as the model wrote it. */
  readonly arguments: string;
}

/** Which tools must be called. */
export type ToolChoice =
  /** The default: what the model likes. */
  | 'auto'
  /** None: the model is not told of them. */
  | 'none'
  /** One at least. */
  | 'required'
  /** This one, once. */
  | { readonly name: string };

/** The tools of a chat, and how they may be called. */
export interface ToolUse {
  /**
   * An InvalidRequest where `LoadedModel.toolFormat` is undefined. Calls are told as events and in the result; they are no part
   * of the text. What begins as a call and is none is text, with a note.
   */
  readonly tools: readonly ToolDefinition[];
  readonly choice?: ToolChoice;
  /** False: the answer ends behind its first call. Default: as many calls as the model likes. */
  readonly parallel?: boolean;
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

/** What a model file may recommend (`general.sampling.*`). */
export type RecommendedSampling = Pick<SamplingParams, 'temperature' | 'topK' | 'topP' | 'minP' | 'repetitionPenalty'>;

/** Whether tokens are guessed ahead and several verified in one step. */
export type SpeculationPolicy =
  /** One token a step. */
  | 'off'
  /** Guesses that the text goes on as it did where its last few tokens occurred before: in it, its prompt, its hints. */
  | 'ngram';

/** What an answer's text must be, to its end: a token that leads elsewhere is never drawn. */
export type Grammar =
  /** Any JSON value that is an object or an array. */
  | { readonly kind: 'json' }
  /** JSON that is valid under a schema, itself a JSON text. What the engine could not keep of it is refused by name. */
  | { readonly kind: 'jsonSchema'; readonly schema: string }
  /** The whole answer matches it. */
  | { readonly kind: 'regex'; readonly pattern: string }
  /** Rules in EBNF (GBNF's notation), of which `root` (default `root`) is the answer. */
  | { readonly kind: 'ebnf'; readonly text: string; readonly root?: string }
  /** Free text in which what stands between tags follows grammars: the JSON text of XGrammar's structural tag. */
  | { readonly kind: 'structuralTag'; readonly tag: string };

/** A generation: what to go on from, how tokens are chosen, when to end. */
export interface GenerateRequest {
  readonly client: ClientId;
  readonly request: RequestId;
  readonly model: ModelHandle;
  /** Chat messages (rendered by the model's template), plain text, or token ids as they are. */
  readonly input:
    | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[]; readonly toolUse?: ToolUse }
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'tokens'; readonly ids: readonly number[] }
    /**
     * What was answered last in `conversation` goes on where it ended, as if it had not: the sampling that is left open is as it was,
     * the seed too. A stop text counts from here on.
     */
    | { readonly kind: 'continue' };
  /** Keeps the answer cached too, for the next turn of the same conversation. Without it, prompts stay cached. */
  readonly conversation?: ConversationId;
  /**
   * A request of this client, sent before, for the same model and prompt: this one waits until that prompt has been computed, and
   * takes it over whole. Where that request is over or never was, nothing is waited for. It changes what is computed and no text.
   */
  readonly samePromptAs?: RequestId;
  readonly sampling?: SamplingParams;
  /** Default: until the model stops or the context is full. */
  readonly maxTokens?: number;
  /** Texts behind which an answer ends; they are no part of it. */
  readonly stop?: readonly string[];
  /** Default: `stop`. */
  readonly overflow?: OverflowPolicy;
  /** Go on after the end-of-generation token (benchmarks, tests). Not with a grammar. */
  readonly ignoreEos?: boolean;
  /**
   * Tokens that the answer begins with, however unlikely; `maxTokens` counts them. Log-probabilities of a given text are asked
   * for by this, with `ignoreEos`. Several are computed in a step.
   */
  readonly forced?: readonly number[];
  /** What the answer must be. A grammar that cannot be, or allows nothing, is a `GrammarFailed` error that says so. */
  readonly grammar?: Grammar;
  /** Default `ngram`: the text is the same, bit for bit, and takes fewer steps where it repeats something. */
  readonly speculation?: SpeculationPolicy;
  /**
   * Texts the answer is likely to repeat parts of: the page, a selection, the file that is edited; the likeliest last. They
   * are no part of the prompt and never change the answer; guesses are looked up in them too. The last 262 144 characters
   * of them count.
   */
  readonly hints?: readonly string[];
}

/**
 * Why a generation ended: the model or a stop text ended it, `maxTokens` or the context did, or its caller. `toolCalls`: it stopped,
 * having called tools.
 */
export type FinishReason = 'stop' | 'length' | 'aborted' | 'toolCalls';

/** A token with its probability. */
export interface TokenLogprob {
  /** Its id. */
  readonly token: number;
  readonly text: string;
  /** What the token stands for; a character may be spread over several tokens, whose texts then say `\ufffd`. */
  readonly bytes: readonly number[];
  /** Natural logarithm, of the model's own distribution: at temperature 1, before bias and penalties. */
  readonly logprob: number;
}

/** What a generation says while it runs, in this order: `started`, then `prefill`, then text and tokens as they come. */
export type GenerationEvent =
  /** The prompt is known: how long it is, how much of it the cache had. */
  | {
      readonly kind: 'started';
      readonly numPromptTokens: number;
      readonly numCachedTokens: number;
      readonly seed: number;
    }
  /** Tokens of the prompt that were computed, and that there are to compute. */
  | { readonly kind: 'prefill'; readonly numDone: number; readonly numTotal: number }
  /** A piece of the answer: whole characters, never a part of a stop text. */
  | { readonly kind: 'delta'; readonly text: string }
  /** The model calls a tool: its `index`th call, counted from 0. A call's arguments come before the next call begins. */
  | { readonly kind: 'toolCall'; readonly index: number; readonly id: string; readonly name: string }
  /** A piece of the JSON that the call's arguments are; the last one completes it. */
  | { readonly kind: 'toolArguments'; readonly index: number; readonly text: string }
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

/** A generation that has ended. */
export interface GenerationResult {
  readonly request: RequestId;
  /** All of the answer. */
  readonly text: string;
  /** Whole calls, where there are any. One that broke off at `length` is not among them; its pieces were told. */
  readonly toolCalls?: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly numPromptTokens: number;
  /** Of the prompt's, those that had been computed before. */
  readonly numCachedTokens: number;
  /** The model's end token counts. */
  readonly numGeneratedTokens: number;
  /** Of these, the ones that were not drawn: the grammar left no choice. Where log-probabilities are asked for, all are drawn. */
  readonly numForcedTokens: number;
  /** Tokens guessed ahead: `numGeneratedTokens` is `numSteps` plus `numAcceptedTokens` plus `numForcedTokens`. */
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

/** Of a model whose `task` is `embedding`, or of the hidden states of one that generates text. */
export interface EmbedRequest extends Pick<GenerateRequest, 'client' | 'request' | 'model'> {
  /** Texts, to which the tokens are added that the model wants at their ends; or token ids as they are. */
  readonly inputs: readonly (string | readonly number[])[];
  /**
   * Of models that generate text: the mean of the hidden states of all tokens behind the last norm, or that of the last token. Default:
   * what the file names, else `mean`. Models for embeddings take none but their own.
   */
  readonly pooling?: 'mean' | 'last';
  /** Divide each vector by its length, so that dot products are cosines. Default: as the model's pooling gives them. */
  readonly normalize?: boolean;
}

/** Vectors of texts. */
export interface EmbeddingResult {
  /** One for each input, in their order; each has as many numbers as the model's hidden size, or its last projection. */
  readonly embeddings: readonly Float32Array[];
  /** Of all inputs. */
  readonly numTokens: number;
}

// ---------------------------------------------------------------------------------------------- the engine

/** The browser's storage of this origin, as far as the browser tells. */
export interface StorageReport {
  readonly usedBytes: number;
  readonly quotaBytes: number | undefined;
  /** The browser has promised not to clear it by itself. */
  readonly persisted: boolean;
}

/** Callbacks come in batches, at most one call per animation-frame length. */
export type OnProgress = (progress: LoadProgress) => void;
/** What it returns is awaited before the generation's result is told, so that no event comes behind that. */
export type OnEvents = (events: readonly GenerationEvent[]) => unknown;

/** How a text is read. */
export interface TokenizeOptions {
  /** With the token in front that the model wants at the start of a prompt. Default: false. */
  readonly asPrompt?: boolean;
}

/**
 * The engine as it is seen through a `MessagePort`, call by call. Pages use `EngineClient`, which numbers requests, aborts them by
 * signal and rejects with LinnetErrors.
 */
export interface Engine {
  /** What the engine runs on. Opens the device. */
  info(): Promise<EngineInfo>;
  /** What was done since the device was opened. */
  stats(): Promise<EngineStats>;
  /** Reads the header alone: at most a few megabytes, whatever the size of the file. */
  inspect(
    client: ClientId,
    request: RequestId,
    source: ModelSource,
    options?: InspectOptions,
  ): Promise<ModelInspection>;
  /** Fetches a model, unless it is kept already, and makes it ready on the device. */
  load(request: LoadRequest, onProgress: OnProgress): Promise<LoadedModel>;
  /** Frees its memory on the device. Its generations end with `ModelNotLoaded`; an unknown handle is ignored. */
  unload(model: ModelHandle): Promise<void>;
  /** Resolves when it has ended, also with `finishReason: 'aborted'`. */
  generate(request: GenerateRequest, onEvents: OnEvents): Promise<GenerationResult>;
  /**
   * A vector for each text, by a model of either task. A text that is longer than the model takes is a `ContextFull` error, and none is
   * embedded. What is generated meanwhile goes on between parts of a text; no cached prefix is used, and none is kept.
   */
  embed(request: EmbedRequest): Promise<EmbeddingResult>;
  /** Ends a load or an embedding (`Aborted`) or a generation (`finishReason: 'aborted'`); unknown ids are ignored. */
  abort(client: ClientId, request: RequestId): Promise<void>;
  /** The ids of a text as it stands, special tokens read; `asPrompt`: with the token in front that the model wants there. */
  tokenize(model: ModelHandle, text: string, options?: TokenizeOptions): Promise<readonly number[]>;
  /** The text of ids, special tokens shown; what is no whole character is U+FFFD. */
  detokenize(model: ModelHandle, ids: readonly number[]): Promise<string>;
  /**
   * A conversation as bytes. What is generated meanwhile waits. @throws InvalidRequest where there is none, or an answer of it is on its
   * way; OutOfMemory
   */
  saveConversation(request: SaveRequest): Promise<SavedConversation>;
  /**
   * Takes up a saved conversation under a name of this client's, in the place of one that has it. Its next answer computes what is
   * new. What is generated meanwhile waits. @throws SessionInvalid for bytes that are damaged, of another model, `kvType` or
   * `precision`; ContextFull where there is no room for it. All stays as it was then.
   */
  restoreConversation(request: RestoreRequest): Promise<RestoredConversation>;
  /** A second conversation that goes on from where this one is. What was computed is shared. @throws InvalidRequest as above */
  forkConversation(request: ForkRequest): Promise<void>;
  /** Lets go what is cached of a conversation; unknown ones are ignored. */
  forgetConversation(client: ClientId, conversation: ConversationId): Promise<void>;
  /** The model files in the browser's storage, unfinished ones too. */
  listCached(): Promise<readonly CachedModel[]>;
  /** Deletes a model file from the storage; a loaded model goes on. */
  deleteCached(id: string): Promise<void>;
  /** How full the storage is. */
  storage(): Promise<StorageReport>;
  /**
   * Measures the device: seconds of work, with which nothing else should compete. `types`: the block types wanted, all
   * unless said. Ends with `Aborted` when the request is.
   */
  measureRates(client: ClientId, request: RequestId, types?: readonly string[]): Promise<DeviceRates>;
}
