/**
 * The parameters of a request in OpenAI's words: which there are, which are refused, and what they are in the engine's words.
 * A parameter is used, or has a value that asks for nothing, or is refused by name: none is passed over in silence.
 * Knows no engine; ranges of numbers are the engine's matter.
 */
import type { GenerateRequest } from '../../worker/api.ts';
import type { ChatCompletionCreateParams, CompletionCreateParams, GenerationParams } from './openai-types.ts';
import { invalid, missing, unsupported } from './request-error.ts';
import { grammarOf } from './response-format.ts';

/** For the parameters of a request: `used`, or the values that ask for nothing that is not done anyway. */
type Known = Readonly<Record<string, 'used' | readonly unknown[]>>;

const GENERATION: Known = {
  model: 'used',
  temperature: 'used',
  top_p: 'used',
  presence_penalty: 'used',
  frequency_penalty: 'used',
  logit_bias: 'used',
  seed: 'used',
  stop: 'used',
  n: 'used',
  stream: 'used',
  stream_options: 'used',
  user: 'used',
  response_format: 'used',
  top_k: 'used',
  min_p: 'used',
  repetition_penalty: 'used',
  ignore_eos: 'used',
};

const CHAT: Known = {
  ...GENERATION,
  messages: 'used',
  max_completion_tokens: 'used',
  max_tokens: 'used',
  logprobs: 'used',
  top_logprobs: 'used',
  prediction: 'used',
  prompt_cache_key: 'used',
  tools: 'used',
  tool_choice: 'used',
  parallel_tool_calls: 'used',
  functions: [[]],
  function_call: ['none'],
  modalities: [['text']],
  store: [false],
  service_tier: ['auto', 'default'],
  reasoning_effort: ['none'],
};

const COMPLETION: Known = {
  ...GENERATION,
  prompt: 'used',
  max_tokens: 'used',
  logprobs: 'used',
  echo: [false],
  best_of: [1],
  suffix: [''],
};

const EMBEDDING: Known = { model: 'used', input: 'used', encoding_format: 'used', user: 'used' };

const KNOWN = { chat: CHAT, completion: COMPLETION, embedding: EMBEDDING };

/** OpenAI's default for completions. */
const DEFAULT_COMPLETION_TOKENS = 16;
const MAX_SAMPLES = 64;

/** What is asked of the engine for each sample, but for its input and its seed. */
export type SampleOptions = Omit<GenerateRequest, 'client' | 'request' | 'model' | 'input'>;

/** @throws RequestError for a parameter that is not known, or whose value asks for what is not done */
export function refuseUnsupported(kind: keyof typeof KNOWN, params: object): void {
  const known = KNOWN[kind];
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (rule === 'used') continue;
    if (rule === undefined) throw unsupported(name);
    if (!rule.some((harmless) => isSame(harmless, value)))
      throw unsupported(name, `only ${JSON.stringify(rule[0])} is, which is the default`);
  }
}

export function chatOptions(params: ChatCompletionCreateParams): SampleOptions {
  const { max_completion_tokens: most, max_tokens: older, logprobs, top_logprobs: numTop, prediction } = params;
  if (isGiven(most) && isGiven(older) && most !== older)
    throw invalid('max_tokens', older, 'the same as max_completion_tokens, or left out');
  if (isGiven(numTop) && logprobs !== true) throw invalid('top_logprobs', numTop, 'left out without logprobs: true');
  const hint = isGiven(prediction) ? textOf(prediction.content, 'prediction.content') : undefined;
  return {
    ...generationOptions(params, logprobs === true ? (numTop ?? 0) : undefined),
    ...given({
      maxTokens: most ?? older,
      hints: hint === undefined ? undefined : [hint],
      conversation: params.prompt_cache_key,
    }),
  };
}

export function completionOptions(params: CompletionCreateParams): SampleOptions {
  const { max_tokens: most, logprobs } = params;
  return { ...generationOptions(params, logprobs), maxTokens: most ?? DEFAULT_COMPLETION_TOKENS };
}

/** @throws RequestError */
export function numSamplesOf({ n }: GenerationParams): number {
  const numSamples = n ?? 1;
  if (Number.isInteger(numSamples) && numSamples >= 1 && numSamples <= MAX_SAMPLES) return numSamples;
  throw invalid('n', n, `a whole number, 1 to ${String(MAX_SAMPLES)}`);
}

/** @throws RequestError for parts that are no text */
export function textOf(content: unknown, at: string): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw invalid(at, content, 'a text, or a list of parts of a text');
  const parts = content.map((part: unknown, index) => {
    const { type, text } = (part ?? {}) as Readonly<Record<string, unknown>>;
    if (type !== 'text') throw unsupported(`${at}[${String(index)}].type`, 'content can be text only');
    if (typeof text !== 'string') throw invalid(`${at}[${String(index)}].text`, text, 'a text');
    return text;
  });
  return parts.join('');
}

function generationOptions(params: GenerationParams, topLogprobs: number | null | undefined): SampleOptions {
  const { stop } = params;
  const stops = typeof stop === 'string' ? [stop] : stop;
  if (stops?.some((text) => typeof text !== 'string') === true)
    throw invalid('stop', stop, 'a text or a list of texts');
  if (isGiven(params.stream_options) && params.stream !== true)
    throw invalid('stream_options', params.stream_options, 'left out without stream: true');
  return given({
    sampling: given({
      temperature: params.temperature,
      topK: params.top_k,
      topP: params.top_p,
      minP: params.min_p,
      repetitionPenalty: params.repetition_penalty,
      presencePenalty: params.presence_penalty,
      frequencyPenalty: params.frequency_penalty,
      logitBias: params.logit_bias,
      seed: params.seed,
      topLogprobs,
    }),
    stop: stops,
    ignoreEos: params.ignore_eos,
    grammar: grammarOf(params.response_format),
  });
}

/** The same without what was left open. */
function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(([, value]) => isGiven(value));
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

export function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** @throws RequestError for what is neither a text, nor ids, nor a list of either */
export function textsOrIds(value: unknown, at: string): readonly (string | readonly number[])[] {
  if (value === undefined || value === null) throw missing(at);
  if (typeof value === 'string') return [value];
  if (isIds(value)) return [value];
  if (Array.isArray(value) && value.length > 0) {
    const items: readonly unknown[] = value;
    return items.map((item, index) => {
      if (typeof item === 'string' || isIds(item)) return item;
      throw invalid(`${at}[${String(index)}]`, item, 'a text or a list of token ids');
    });
  }
  throw invalid(at, value, 'a text, a list of token ids, or a list of either');
}

function isIds(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number');
}
