/**
 * The shapes of OpenAI's API, as far as this library has them: requests, answers, pieces of answers. Types only, of its own, so
 * that nobody needs the `openai` package; a test holds them against it. What goes beyond OpenAI's is marked as ours.
 */

import type { RanOn } from './remote/route.ts';

// ---------------------------------------------------------------------------------------------- requests

/** A request may write `null` for what it leaves open. */
export type Open<T> = T | null;

/** What chat and plain completions may be told alike. What is left open is the model's own recommendation. */
export interface GenerationParams {
  /** The id of a loaded model. Default: the loaded one, where there is one. */
  readonly model?: string;
  /** 0 takes the likeliest token. Default, where the model recommends none: 0.7. */
  readonly temperature?: Open<number>;
  /** In (0, 1]: candidates are the likeliest tokens that make up this share; 1 is all. Default, as above: 0.95. */
  readonly top_p?: Open<number>;
  /** Taken off the logit of a token that the answer has. Default: 0. */
  readonly presence_penalty?: Open<number>;
  /** Taken off the logit of a token, for each time that the answer has it. Default: 0. */
  readonly frequency_penalty?: Open<number>;
  /** By token id; added to logits. */
  readonly logit_bias?: Open<Readonly<Record<string, number>>>;
  /** An unsigned 32-bit number. Sample `i` of several is drawn with `seed + i`. Default: chosen at random, and reported. */
  readonly seed?: Open<number>;
  /** Texts behind which an answer ends; they are no part of it. */
  readonly stop?: Open<string | readonly string[]>;
  /** How many samples of each prompt, 1 to 64. They share the prompt's computation. */
  readonly n?: Open<number>;
  /** `true`: the answer comes in pieces. */
  readonly stream?: Open<boolean>;
  /** `include_usage`: what it cost, in a last piece. Only with `stream`. */
  readonly stream_options?: Open<{ readonly include_usage?: boolean }>;
  /** A label for a provider's statistics: here is no provider, so it has no effect. */
  readonly user?: string;
  /** What the answer must be; docs/api.md says what is kept of a schema. OpenAI has it for chat alone. Default: any text. */
  readonly response_format?: Open<ResponseFormat>;

  /** Ours: candidates are the so many likeliest tokens; 0 is all. Default, as above: 40. */
  readonly top_k?: number;
  /** Ours, in [0, 1): candidates are at least so likely, relative to the likeliest; 0 is all. Default, as above: 0.05. */
  readonly min_p?: number;
  /** Ours: divides positive logits of tokens that prompt or answer have, and multiplies negative ones. 1 is none, the default. */
  readonly repetition_penalty?: number;
  /** Ours: go on behind the model's end token. */
  readonly ignore_eos?: boolean;
}

/** A piece of a message. */
export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

/** What an answer must be, from its first character to its last. */
export type ResponseFormat =
  | { readonly type: 'text' }
  /** A JSON object. Say so in the prompt, too: the model is not told. */
  | { readonly type: 'json_object' }
  /** JSON that is valid under a schema, `strict` or not. */
  | {
      readonly type: 'json_schema';
      readonly json_schema: {
        readonly name: string;
        readonly description?: string;
        /** Default: any JSON value. */
        readonly schema?: Readonly<Record<string, unknown>>;
        readonly strict?: Open<boolean>;
      };
    }
  /** Ours: a text that matches. */
  | { readonly type: 'regex'; readonly pattern: string }
  /** Ours: a text that rules in EBNF allow; `root` (default: `root`) is the rule of the whole answer. */
  | { readonly type: 'ebnf'; readonly grammar: string; readonly root?: string };

/** A function that the model may ask to be called. */
export interface ChatCompletionTool {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly description?: string;
    /** The JSON schema of an object, whose properties are the arguments. Default: no arguments. */
    readonly parameters?: Readonly<Record<string, unknown>>;
    /** Arguments follow the schema with and without it, as far as it can be kept; see docs/api.md. */
    readonly strict?: Open<boolean>;
  };
}

/** Which tools must be called: none, what the model likes, one at least, or this one. */
export type ChatCompletionToolChoice =
  'none' | 'auto' | 'required' | { readonly type: 'function'; readonly function: { readonly name: string } };

/** A call by the model; in a request, one that it made before. */
export interface ChatCompletionToolCall {
  id: string;
  type: 'function';
  function: {
    name: string;
    /** JSON of an object, as the model wrote it. */
    arguments: string;
  };
}

/** `developer` is taken as `system`. Parts of a content are joined with nothing between them. */
export type ChatCompletionMessageParam =
  | { readonly role: 'system' | 'developer' | 'user'; readonly content: string | readonly TextPart[] }
  | {
      readonly role: 'assistant';
      /** May be left out where there are calls. */
      readonly content?: Open<string | readonly TextPart[]>;
      readonly tool_calls?: readonly Readonly<ChatCompletionToolCall>[];
    }
  | { readonly role: 'tool'; readonly content: string | readonly TextPart[]; readonly tool_call_id: string };

/** Of `chat.completions.create`. */
export interface ChatCompletionCreateParams extends GenerationParams {
  /** One at least, the oldest first. */
  readonly messages: readonly ChatCompletionMessageParam[];
  /** Refused where the model takes none: its `loaded.toolFormat` is undefined. */
  readonly tools?: readonly ChatCompletionTool[];
  /** Default: `auto`. With `none` the model is not told of the tools. */
  readonly tool_choice?: ChatCompletionToolChoice;
  /** False: the answer ends behind its first call. */
  readonly parallel_tool_calls?: boolean;
  /** Default: until the model stops or the context is full. */
  readonly max_completion_tokens?: Open<number>;
  /** The older name of `max_completion_tokens`. */
  readonly max_tokens?: Open<number>;
  /** Whether to report the log-probability of each token. */
  readonly logprobs?: Open<boolean>;
  /** Alternatives to report with each token, 0 to 20; needs `logprobs`. */
  readonly top_logprobs?: Open<number>;
  /** A text the answer is likely to repeat parts of: it takes fewer steps where it does, and is the same text. */
  readonly prediction?: Open<{ readonly type: 'content'; readonly content: string | readonly TextPart[] }>;
  /** Requests with one key are turns of one conversation, whose answers stay cached too. Without one, prompts stay cached. */
  readonly prompt_cache_key?: Open<string>;
}

/** Of `completions.create`. */
export interface CompletionCreateParams extends GenerationParams {
  /** A text, the ids of one, or several of either. */
  readonly prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  /** Default: 16, as OpenAI's. */
  readonly max_tokens?: Open<number>;
  /** Alternatives to report with each token, 0 to 20; the token itself is reported too. */
  readonly logprobs?: Open<number>;
}

/** Of `embeddings.create`. */
export interface EmbeddingCreateParams {
  /** The id of a loaded model. Default: the loaded one, where there is one. */
  readonly model?: string;
  /** A text, the ids of one, or several of either. */
  readonly input: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  /** `base64`: of little-endian f32. Default: `float`. */
  readonly encoding_format?: 'float' | 'base64';
  /** A label for a provider's statistics: here is no provider, so it has no effect. */
  readonly user?: string;
}

/** A request for a stream; `create` tells it apart from others by its type. */
export type Streaming<P> = P & { readonly stream: true };
/** A request for all at once. */
export type NonStreaming<P> = P & { readonly stream?: false | null };

// ---------------------------------------------------------------------------------------------- answers

/** What a request cost, in tokens. */
export interface Usage {
  prompt_tokens: number;
  /** Of all samples. */
  completion_tokens: number;
  total_tokens: number;
  /** Of the prompt's, those that had been computed before. */
  prompt_tokens_details: { cached_tokens: number };
  /** Ours; of answers that were computed here. */
  timings?: UsageTimings;
  /** Ours: where it was computed, where the engine has a server beside it. So it is with every `linnet`. */
  linnet?: RanOn;
}

/** Ours. Of several samples: the first one's way to its first token, and all of their tokens in the time of the longest. */
export interface UsageTimings {
  time_to_first_token_ms: number;
  prefill_ms: number;
  decode_ms: number;
  prefill_tokens_per_second: number;
  decode_tokens_per_second: number;
}

/** A token with its probability. */
export interface TopLogprob {
  /** Its text. */
  token: string;
  /** Its text in UTF-8: a character may be spread over several tokens. */
  bytes: number[] | null;
  /** Natural logarithm, of the model's own distribution: at temperature 1, before bias and penalties. */
  logprob: number;
}

/** A token of the answer. */
export interface ChatTokenLogprob extends TopLogprob {
  /** The likeliest in its place, the likeliest first. */
  top_logprobs: TopLogprob[];
}

/** The tokens of an answer of a chat. */
export interface ChatLogprobs {
  /** Without the model's end token; with the tokens of a stop text. */
  content: ChatTokenLogprob[];
  refusal: null;
}

/** Why a choice ended: the model or a stop text ended it, a limit did, or the model has called tools. */
export type ChatFinishReason = 'stop' | 'length' | 'tool_calls';

/** A call in pieces: the first has id and name, and all of them a piece of the arguments. */
export interface ToolCallDelta {
  index: number;
  id?: string;
  type?: 'function';
  function: { name?: string; arguments: string };
}

/** An answer of a chat. */
export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  /** Seconds since the epoch. */
  created: number;
  model: string;
  choices: {
    index: number;
    message: {
      role: 'assistant';
      /** Null where there are calls and nothing else. */
      content: string | null;
      refusal: null;
      tool_calls?: ChatCompletionToolCall[];
    };
    logprobs: ChatLogprobs | null;
    finish_reason: ChatFinishReason;
    /** Ours: what the sample was drawn with here. */
    seed?: number;
    /** Ours: of this sample alone, where it was computed here. */
    usage?: Usage;
  }[];
  usage: Usage;
  linnet?: RanOn;
}

/** A piece of an answer of a chat. */
export interface ChatCompletionChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  /** One; none in the chunk with the usage. */
  choices: {
    index: number;
    delta: { role?: 'assistant'; content?: string; tool_calls?: ToolCallDelta[] };
    logprobs: ChatLogprobs | null;
    finish_reason: ChatFinishReason | null;
  }[];
  /** With `stream_options.include_usage`: in a last chunk, and null in the others. */
  usage?: Usage | null;
  linnet?: RanOn;
}

/** Parallel lists, a token in each place. */
export interface CompletionLogprobs {
  tokens: string[];
  token_logprobs: number[];
  top_logprobs: Record<string, number>[];
  /** In UTF-16 units, from the start of the answer. */
  text_offset: number[];
}

/** What came after a text. */
export interface Completion {
  id: string;
  /** Of a whole answer, and of a piece of one. */
  object: 'text_completion';
  created: number;
  model: string;
  /** Sample `i` of prompt `p` has the index `p * n + i`. */
  choices: CompletionChoice[];
  usage: Usage;
  linnet?: RanOn;
}

/** One sample of what came after a text. */
export interface CompletionChoice {
  index: number;
  text: string;
  logprobs: CompletionLogprobs | null;
  finish_reason: 'stop' | 'length';
  /** Ours: what the sample was drawn with here. */
  seed?: number;
  /** Ours: of this sample alone, where it was computed here. */
  usage?: Usage;
}

/** A piece of what comes after a text. */
export interface CompletionChunk extends Omit<Completion, 'choices' | 'usage'> {
  /** One; none in the chunk with the usage. */
  choices: {
    index: number;
    text: string;
    logprobs: CompletionLogprobs | null;
    finish_reason: 'stop' | 'length' | null;
  }[];
  /** With `stream_options.include_usage`: in a last chunk, and null in the others. */
  usage?: Usage | null;
}

/** Vectors of texts. */
export interface CreateEmbeddingResponse<E = number[]> {
  object: 'list';
  /** Vectors of length 1, in the order of the inputs. */
  data: { object: 'embedding'; index: number; embedding: E }[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
  linnet?: RanOn;
}

/** A loaded model. */
export interface ModelDescription {
  id: string;
  object: 'model';
  /** When it was loaded, in seconds since the epoch. */
  created: number;
  owned_by: string;
  linnet?: RanOn;
}

/** The loaded models. */
export interface ModelList {
  object: 'list';
  data: ModelDescription[];
  linnet?: RanOn;
}
