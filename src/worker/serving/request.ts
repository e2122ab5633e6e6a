/**
 * What a request says about how it is to be served: checked, with defaults filled in. Pure; knows no scheduler and no GPU.
 */
import type { GenerateRequest, RecommendedSampling, SamplingParams } from '../api.ts';
import { LinnetError } from '../errors.ts';
import { resolveSamplingParams, type ResolvedSamplingParams, type SamplingContext } from '../sampling/params.ts';
import type { SequenceRequest } from '../scheduler/sequence-request.ts';
import { Conversations } from './conversations.ts';
import { checkForced } from './forced-tokens.ts';
import type { Prompt } from './prompt.ts';

/** @throws InvalidRequest */
export function samplingParamsOf(
  request: GenerateRequest,
  recommended: RecommendedSampling,
  context: SamplingContext,
): ResolvedSamplingParams {
  const { sampling, maxTokens } = request;
  if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && maxTokens > 0)) {
    throw new LinnetError('InvalidRequest', `maxTokens is ${String(maxTokens)}; it must be a whole number from 1.`);
  }
  checkForced(request, context.vocabSize);
  if (request.grammar !== undefined && request.ignoreEos === true) {
    throw new LinnetError('InvalidRequest', 'An answer under a grammar ends where that ends: leave ignoreEos out.');
  }
  return resolveSamplingParams({ ...recommended, ...withoutUndefined(sampling ?? {}) }, context);
}

/**
 * Without a conversation nobody says that some of these tokens were generated here: they are prompt tokens, whatever the
 * cache may hold for the same ids, so that a warm cache gives the bits of a cold one.
 */
export function knownClasses(
  request: GenerateRequest,
  ids: Prompt['ids'],
): Pick<SequenceRequest, 'conversation' | 'classes'> {
  const conversation = Conversations.keyOf(request);
  return conversation === undefined ? { classes: ids.map(() => 'prompt') } : { conversation };
}

/** Callers in JavaScript write `undefined` for what they leave open. */
function withoutUndefined(params: SamplingParams): SamplingParams {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}
