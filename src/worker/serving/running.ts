/**
 * A request that is being served: everything that belongs to it, and what is told of it. Knows no loop.
 */
import type { FinishReason, GenerationResult } from '../api.ts';
import type { ScheduledStep } from '../scheduler/scheduled-step.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Drafter } from '../speculation/drafter.ts';
import type { SequenceId } from '../tokens.ts';
import type { Constraint } from './constraint.ts';
import type { CountedTokens } from './count-slot.ts';
import type { Generation } from './generation.ts';
import type { Prompt } from './prompt.ts';
import type { Timer } from './timer.ts';

/** A request from the moment it comes in: it can be aborted before it has a sequence. */
export class Ticket {
  aborted = false;
  /** Resolves when the prompt has been computed, or the request is over. */
  readonly prompted: Promise<void>;
  /** The request with the same prompt. It came before this one, so that no two wait for each other, and none for itself. */
  readonly first: Ticket | undefined;
  /** The name of its conversation among those of all clients. */
  readonly conversation: string | undefined;
  #resolve: () => void = () => undefined;

  constructor(first?: Ticket, conversation?: string) {
    this.first = first;
    this.conversation = conversation;
    this.prompted = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** The prompt has been computed, or never will be. */
  notePrompted(): void {
    this.#resolve();
  }
}

export interface Running {
  readonly generation: Generation;
  readonly timer: Timer;
  readonly ticket: Ticket;
  readonly resolve: (result: GenerationResult) => void;
  readonly reject: (error: unknown) => void;
  readonly slot: number | undefined;
  readonly drafter: Drafter | undefined;
  /** Of a request with a grammar. */
  readonly constraint: Constraint | undefined;
  /** The prompt as it was counted for penalties. */
  readonly counted: CountedTokens;
  sequence: SequenceId;
  numCachedTokens: number;
}

/** @param numTokens Of the sequence, with the last one, which may not be in the context. */
export function resultOf(
  { generation, timer, numCachedTokens }: Running,
  finishReason: FinishReason,
  numTokens: number,
  contextLength: number,
): GenerationResult {
  const numPromptTokens = generation.prompt.ids.length;
  const numGeneratedTokens = generation.generated.length;
  const { toolCalls } = generation;
  return {
    request: generation.request.request,
    text: generation.text,
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    finishReason: finishReason === 'stop' && toolCalls.length > 0 ? 'toolCalls' : finishReason,
    numPromptTokens,
    numCachedTokens,
    numGeneratedTokens,
    numForcedTokens: generation.numForcedTokens,
    speculation: generation.speculation,
    contextUsed: Math.min(numTokens, contextLength),
    contextLength,
    timings: timer.report(numPromptTokens - numCachedTokens, numGeneratedTokens),
  };
}

/** Says what a person should know about a prompt. */
export function announce(generation: Generation, { droppedMessages, notes }: Prompt): void {
  if (droppedMessages.length > 0) generation.emit({ kind: 'turnsDropped', messages: droppedMessages });
  for (const text of notes) generation.emit({ kind: 'note', text });
}

/**
 * Whether the history says what may come next, so that guesses behind the text are worth more than not to wait for its
 * pending tokens: behind a token that is not known nothing can be guessed.
 */
export function hasGuess({ drafter, constraint, generation }: Running, numPending: number): boolean {
  // Under a grammar the text waits in any case.
  if (
    drafter === undefined ||
    constraint !== undefined ||
    numPending === 0 ||
    generation.numTokensLeft - numPending <= 1
  )
    return false;
  return drafter.propose(1).length > 0;
}

/** Sequences that a step admitted for the first time. */
export function noteStarted({ started }: ScheduledStep, all: ReadonlyMap<SequenceId, Running>): void {
  for (const { id, numCachedTokens } of started) {
    const running = all.get(id);
    if (running === undefined || running.generation.generated.length > 0) continue;
    running.numCachedTokens = numCachedTokens;
    const { prompt, params } = running.generation;
    const numPromptTokens = prompt.ids.length;
    running.generation.emit({ kind: 'started', numPromptTokens, numCachedTokens, seed: params.seed });
  }
}

/** How much of the prompts in a step has been computed. */
export function noteProgress(
  { sequences }: ScheduledStep,
  all: ReadonlyMap<SequenceId, Running>,
  scheduler: Scheduler,
): void {
  for (const { id } of sequences) {
    const running = all.get(id);
    if (running === undefined || running.generation.generated.length > 0) continue;
    const { numComputed } = scheduler.get(id);
    const numTotal = running.generation.prompt.ids.length;
    running.generation.emit({ kind: 'prefill', numDone: numComputed, numTotal });
  }
}
