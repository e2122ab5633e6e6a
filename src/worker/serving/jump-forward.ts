/**
 * Before a step: what may come next in an answer under a grammar. Where that is one token only, it is taken without a draw, and so
 * are those behind it: a step then computes them all. Where there is a choice, guesses are looked through for those that are allowed.
 */
import type { FinishReason } from '../api.ts';
import type { GpuSampler } from '../gpu/sampler.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { SequenceId, TokenId } from '../tokens.ts';
import type { Constraint } from './constraint.ts';
import type { Running } from './running.ts';

/** A request that is over: its end was the only token allowed, or nothing was. */
export type Ended =
  { readonly running: Running; readonly reason: FinishReason } | { readonly running: Running; readonly error: unknown };

/** Each needs a mask of its own, made before it is known how many rows there are. */
const MAX_DRAFT_TOKENS = 15;

/** For every request that has a grammar. Returns those that are over. */
export async function constrainAll(
  all: ReadonlyMap<SequenceId, Running>,
  scheduler: Scheduler,
  sampler: GpuSampler,
): Promise<readonly Ended[]> {
  const ended: Ended[] = [];
  for (const running of [...all.values()]) {
    const { constraint } = running;
    if (constraint === undefined || constraint.isPrepared) continue;
    try {
      const reason = await constrain(running, constraint, scheduler, sampler);
      if (reason !== undefined) ended.push({ running, reason });
    } catch (error) {
      ended.push({ running, error });
    }
  }
  // Meanwhile the session may have been closed.
  return ended.filter(({ running }) => all.get(running.sequence) === running);
}

/** A request whose last token is not known yet stays as it is. @throws GrammarFailed when nothing is allowed */
async function constrain(
  running: Running,
  constraint: Constraint,
  scheduler: Scheduler,
  sampler: GpuSampler,
): Promise<FinishReason | undefined> {
  const { generation, drafter } = running;
  const sequence = scheduler.get(running.sequence);
  if (sequence.numPending > 0) return undefined;
  const only = await constraint.prepare();
  if (only !== undefined && mayJump(running)) return jump(running, constraint, only, scheduler, sampler);
  if (drafter === undefined || sequence.state.kind !== 'decoding') return undefined;
  const most = Math.min(scheduler.numDraftRows, generation.numTokensLeft - 1, MAX_DRAFT_TOKENS);
  if (most > 0) await constraint.setDraft(drafter.propose(most));
  return undefined;
}

/** The first token is drawn from the prompt's own rows. A token that is not drawn has no log-probability. */
function mayJump({ generation }: Running): boolean {
  return generation.generated.length > 0 && generation.params.topLogprobs === undefined;
}

async function jump(
  { generation, drafter, slot, counted, sequence: id }: Running,
  constraint: Constraint,
  first: TokenId,
  scheduler: Scheduler,
  sampler: GpuSampler,
): Promise<FinishReason | undefined> {
  const sequence = scheduler.get(id);
  const numKnown = sequence.tokens.length;
  const taken: TokenId[] = [];
  let reason: FinishReason | undefined;
  let next: TokenId | undefined = first;
  // No further than where one token a step would go: there turns may be left out, or the text ends.
  while (next !== undefined && numKnown + taken.length <= scheduler.contextLength) {
    taken.push(next);
    reason = generation.acceptForced(next);
    if (reason !== undefined) break;
    constraint.take(next);
    next = await constraint.prepare();
  }
  sequence.append(taken);
  drafter?.push(taken);
  if (slot !== undefined) sampler.countTokens(slot, counted.asked, [...counted.answered, ...generation.generated]);
  return reason;
}
