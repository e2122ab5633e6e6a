/** What the scheduler has done, counted (P13): plain data and one pure function. Knows nothing of how it was decided. */
import type { ScheduledStep } from './scheduled-step.ts';

/** Totals since the start. */
export interface SchedulerCounters {
  readonly numSteps: number;
  readonly numPromptRows: number;
  readonly numGeneratedRows: number;
  /** Tokens that were found in the cache instead of computed. */
  readonly numCachedTokens: number;
  readonly numCopies: number;
  readonly numPreemptions: number;
  /** Times that a sequence got tokens from a step: without drafts as many as tokens. */
  readonly numSequenceSteps: number;
  readonly numDraftTokens: number;
  /** Of these, the ones that turned out to be the sequence's next. */
  readonly numAcceptedDraftTokens: number;
  /** Tokens drawn for sequences that had ended or been cut meanwhile: part of no text. */
  readonly numDiscardedTokens: number;
}

export const ZERO_COUNTERS: SchedulerCounters = {
  numSteps: 0,
  numPromptRows: 0,
  numGeneratedRows: 0,
  numCachedTokens: 0,
  numCopies: 0,
  numPreemptions: 0,
  numSequenceSteps: 0,
  numDraftTokens: 0,
  numAcceptedDraftTokens: 0,
  numDiscardedTokens: 0,
};

export function countStep(counters: SchedulerCounters, { serial, batch, preempted }: ScheduledStep): SchedulerCounters {
  const numPromptRows = batch.rows.filter((row) => row.tokenClass === 'prompt').length;
  return {
    ...counters,
    numSteps: serial,
    numPromptRows: counters.numPromptRows + numPromptRows,
    numGeneratedRows: counters.numGeneratedRows + batch.rows.length - numPromptRows,
    numCopies: counters.numCopies + batch.copies.length,
    numPreemptions: counters.numPreemptions + preempted.length,
  };
}

/** A sequence drew tokens in a step, behind `numDraftTokens` guesses of which `numAccepted` were right. */
export function countDraw(counters: SchedulerCounters, numDraftTokens: number, numAccepted: number): SchedulerCounters {
  return {
    ...counters,
    numSequenceSteps: counters.numSequenceSteps + 1,
    numDraftTokens: counters.numDraftTokens + numDraftTokens,
    numAcceptedDraftTokens: counters.numAcceptedDraftTokens + numAccepted,
  };
}

/** A token was drawn for a sequence that had no use for it any more. */
export function countDiscarded(counters: SchedulerCounters): SchedulerCounters {
  return { ...counters, numDiscardedTokens: counters.numDiscardedTokens + 1 };
}
