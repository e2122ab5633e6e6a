/**
 * Sampling parameters of a request: checked, with every default filled in. The filters apply in this order, whatever
 * the order in the request:
 *   1. logit bias is added; 2. repetition penalty (prompt and output; positive logits are divided, others multiplied);
 *   3. presence and frequency penalty (output) are subtracted; 4. top-k, ties by lower id; 5. top-p at the temperature,
 *   over what top-k left, renormalised; 6. min-p at the temperature, relative to the most likely; 7. the draw.
 * Temperature 0 takes the largest logit after step 3. Reported log-probabilities are of the model itself: temperature 1,
 * before step 1. It knows no GPU and no tokenizer.
 */
import type { SamplingParams } from '../api.ts';
import { LinnetError } from '../errors.ts';

export interface LogitBias {
  readonly id: number;
  readonly value: number;
}

export interface ResolvedSamplingParams {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 keeps all. */
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** By id. */
  readonly logitBias: readonly LogitBias[];
  readonly seed: number;
  /** Undefined: no log-probabilities at all. */
  readonly topLogprobs: number | undefined;
}

export interface SamplingContext {
  readonly vocabSize: number;
  /** An unsigned 32-bit number for requests without a seed. */
  readonly chooseSeed: () => number;
}

export const defaultSamplingParams = {
  temperature: 0.7,
  topK: 40,
  topP: 0.95,
  minP: 0.05,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
} as const;

export const MAX_LOGIT_BIASES = 1024;
const MAX_TOP_LOGPROBS = 20;
const MAX_U32 = 0xffffffff;
/** Below it the largest logit wins in f32 anyway; it is taken as 0. */
const SMALLEST_TEMPERATURE = 1e-4;

/** @throws LinnetError `InvalidRequest` naming the field and its range. */
export function resolveSamplingParams(params: SamplingParams, context: SamplingContext): ResolvedSamplingParams {
  const temperature = inRange('temperature', params.temperature ?? defaultSamplingParams.temperature, 0, 100);
  const topP = inRange('topP', params.topP ?? defaultSamplingParams.topP, 0, 1);
  if (topP === 0) throw outOfRange('topP', 0, 'above 0 and at most 1');
  const minP = inRange('minP', params.minP ?? defaultSamplingParams.minP, 0, 1);
  if (minP === 1) throw outOfRange('minP', 1, 'at least 0 and below 1');
  return {
    temperature: temperature < SMALLEST_TEMPERATURE ? 0 : temperature,
    topK: integerInRange('topK', params.topK ?? defaultSamplingParams.topK, MAX_U32),
    topP,
    minP,
    repetitionPenalty: inRange(
      'repetitionPenalty',
      params.repetitionPenalty ?? defaultSamplingParams.repetitionPenalty,
      0.01,
      100,
    ),
    presencePenalty: inRange(
      'presencePenalty',
      params.presencePenalty ?? defaultSamplingParams.presencePenalty,
      -100,
      100,
    ),
    frequencyPenalty: inRange(
      'frequencyPenalty',
      params.frequencyPenalty ?? defaultSamplingParams.frequencyPenalty,
      -100,
      100,
    ),
    logitBias: resolveLogitBias(params.logitBias ?? {}, context.vocabSize),
    seed: integerInRange('seed', params.seed ?? context.chooseSeed(), MAX_U32),
    topLogprobs:
      params.topLogprobs === undefined
        ? undefined
        : integerInRange('topLogprobs', params.topLogprobs, MAX_TOP_LOGPROBS),
  };
}

/** The same as a request has it. */
export function asSamplingParams({ logitBias, topLogprobs, ...params }: ResolvedSamplingParams): SamplingParams {
  return {
    ...params,
    ...(logitBias.length === 0 ? {} : { logitBias: Object.fromEntries(logitBias.map(({ id, value }) => [id, value])) }),
    ...(topLogprobs === undefined ? {} : { topLogprobs }),
  };
}

/** Whether logits must be adjusted before the draw (bias or penalties). */
export function needsAdjusting(params: ResolvedSamplingParams): boolean {
  return params.logitBias.length > 0 || needsCounts(params);
}

/** Whether the tokens of prompt and output must be counted. */
export function needsCounts(params: ResolvedSamplingParams): boolean {
  return params.repetitionPenalty !== 1 || params.presencePenalty !== 0 || params.frequencyPenalty !== 0;
}

function resolveLogitBias(bias: Readonly<Record<string, number>>, vocabSize: number): readonly LogitBias[] {
  const entries = Object.entries(bias);
  if (entries.length > MAX_LOGIT_BIASES) {
    throw outOfRange('logitBias', entries.length, `at most ${String(MAX_LOGIT_BIASES)} entries`);
  }
  return entries
    .map(([key, value]) => ({
      id: integerInRange('logitBias: a token id', Number(key), vocabSize - 1),
      value: inRange(`logitBias of token ${key}`, value, -1e4, 1e4),
    }))
    .sort((a, b) => a.id - b.id);
}

function inRange(field: string, value: number, low: number, high: number): number {
  // Written so that NaN, and whatever JavaScript callers pass, fails it.
  if (typeof value === 'number' && value >= low && value <= high) return value;
  throw outOfRange(field, value, `${String(low)} to ${String(high)}`);
}

function integerInRange(field: string, value: number, high: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= high) return value;
  throw outOfRange(field, value, `a whole number, 0 to ${String(high)}`);
}

function outOfRange(field: string, value: unknown, range: string): LinnetError {
  return new LinnetError('InvalidRequest', `sampling.${field} is ${String(value)}; it must be ${range}.`);
}
