/** What a step does for a request that is being served: how its rows are drawn from, which guesses it verifies, and where it goes on. */
import { LinnetError } from '../errors.ts';
import type { SampleRequest } from '../gpu/sampler.ts';
import type { LogitRow } from '../scheduler/scheduled-step.ts';
import type { SequenceRequest } from '../scheduler/sequence-request.ts';
import type { TokenId } from '../tokens.ts';
import { Conversations } from './conversations.ts';
import type { Prompt } from './prompt.ts';
import type { Running } from './running.ts';

/** How a row is drawn from. */
export function sampleRequestFor(running: Running | undefined, row: LogitRow): SampleRequest {
  if (running === undefined) throw new LinnetError('Internal', 'A sequence without a request.');
  const { position, numDrafts, draft } = row;
  const { generation, constraint, slot = 0 } = running;
  const mask = constraint?.maskBehind(numDrafts);
  return { params: generation.paramsAt(position), position, numDrafts, draft, slot, mask };
}

/** Guesses of the tokens to come, at most `maxTokens`. */
export function proposeFor(running: Running | undefined, maxTokens: number): readonly TokenId[] {
  if (running?.drafter === undefined) return [];
  // The step draws one token more than it verifies.
  const most = Math.min(maxTokens, running.generation.numTokensLeft - 1);
  return running.constraint?.draft.slice(0, Math.max(0, most)) ?? running.drafter.propose(most);
}

/** The answer so far behind another prompt; what was generated keeps its class. */
export function behindPrompt({ generation, constraint }: Running, { ids }: Prompt): SequenceRequest {
  const { request, generated } = generation;
  const conversation = Conversations.keyOf(request);
  return {
    tokens: [...ids, ...generated],
    classes: [...ids.map(() => 'prompt' as const), ...generated.map(() => 'generated' as const)],
    maxTokens: ids.length + generated.length + generation.numTokensLeft,
    isReadAtOnce: constraint !== undefined,
    ...(conversation === undefined ? {} : { conversation }),
  };
}
