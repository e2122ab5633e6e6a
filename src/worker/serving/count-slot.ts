/** Places for the counts of tokens that penalties need: one for each request that has some, as long as there are any. */
import { LinnetError } from '../errors.ts';
import type { GpuSampler } from '../gpu/sampler.ts';
import type { Prompt } from './prompt.ts';
import type { TokenId } from '../tokens.ts';
import { needsCounts, type ResolvedSamplingParams } from '../sampling/params.ts';

/** Undefined where nothing is counted. @throws InvalidRequest when all are taken */
export function countSlotFor(params: ResolvedSamplingParams, sampler: GpuSampler): number | undefined {
  if (!needsCounts(params)) return undefined;
  const slot = sampler.acquireSlot();
  if (slot !== undefined) return slot;
  throw new LinnetError('InvalidRequest', 'Too many generations with penalties at once; wait for one of them to end.');
}

/** What is said already: the tokens of an answer that goes on count as those of an answer. */
export interface CountedTokens {
  readonly asked: readonly TokenId[];
  readonly answered: readonly TokenId[];
}

export function countedOf({ ids, numAnswered = 0 }: Prompt): CountedTokens {
  const numAsked = ids.length - numAnswered;
  return { asked: ids.slice(0, numAsked), answered: ids.slice(numAsked) };
}
