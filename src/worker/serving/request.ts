/**
 * What a request says about how it is to be served: checked, with defaults filled in. Pure; knows no scheduler and no GPU.
 */
import type { GenerateRequest, SamplingParams } from '../api.ts';
import { LinnetError } from '../errors.ts';
import { resolveSamplingParams, type ResolvedSamplingParams, type SamplingContext } from '../sampling/params.ts';
import type { ConversationLog } from '../scheduler/conversation-log.ts';
import type { SequenceRequest } from '../scheduler/sequence-request.ts';
import { Conversations } from './conversations.ts';
import { checkForced } from './forced-tokens.ts';
import type { Prompt } from './prompt.ts';
import type { TokenClass, TokenId } from '../tokens.ts';

/** @throws InvalidRequest */
export function samplingParamsOf(
  request: GenerateRequest,
  recommended: SamplingParams,
  context: SamplingContext,
): ResolvedSamplingParams {
  const { sampling, maxTokens } = request;
  if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && maxTokens > 0)) {
    throw new LinnetError('InvalidRequest', `maxTokens is ${String(maxTokens)}; it must be a whole number from 1.`);
  }
  checkForced(request, context.vocabSize);
  return resolveSamplingParams({ ...recommended, ...withoutUndefined(sampling ?? {}) }, context);
}

/**
 * Without a conversation nobody says that some of these tokens were generated here: they are prompt tokens, whatever the
 * cache may hold for the same ids, so that a warm cache gives the bits of a cold one.
 */
export function knownClasses(
  request: GenerateRequest,
  { ids, numAnswered = 0 }: Prompt,
  log: ConversationLog,
): Pick<SequenceRequest, 'conversation' | 'classes'> {
  const conversation = Conversations.keyOf(request);
  if (conversation === undefined) return { classes: ids.map(() => 'prompt') };
  return numAnswered === 0 ? { conversation } : { conversation, classes: classesOfAnswer(log, conversation, ids) };
}

/** Of a conversation whose last token was drawn: it is one that was generated, which the log, for what comes next, leaves open. */
export function classesOfAnswer(log: ConversationLog, key: string, tokens: readonly TokenId[]): readonly TokenClass[] {
  return [...log.classesFor(key, tokens).slice(0, -1), 'generated'];
}

/** Callers in JavaScript write `undefined` for what they leave open. */
function withoutUndefined(params: SamplingParams): SamplingParams {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}
