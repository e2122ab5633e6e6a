/**
 * Speculation in a step: rows that nobody needs go to guesses of what comes behind decoding sequences, and of what was drawn
 * from those rows the part counts that was drawn behind right guesses. Knows neither how guesses are made nor how tokens
 * are drawn; a draw must be the same whatever was guessed.
 */
import type { SequenceId, TokenId } from '../tokens.ts';
import type { CachedTokens } from './cached-tokens.ts';
import type { StepBuilder } from './scheduled-step.ts';
import type { Sequence } from './sequence.ts';

/** Guesses of a decoding sequence's next tokens, at most `maxTokens` of them. */
export type ProposeDraft = (id: SequenceId, maxTokens: number) => readonly TokenId[];

/** What a sequence got from a step: the tokens of so many of `logitRows` from `firstRow` on. */
export interface Draw {
  readonly id: SequenceId;
  readonly firstRow: number;
  /** At least 1: the guesses that were right, and the token behind them. */
  readonly numTokens: number;
  readonly numDrafted: number;
}

/** Shares out the rows that are left. For guesses nobody is preempted: their blocks are free ones, or merely cached. */
export function addDrafts(
  builder: StepBuilder,
  propose: ProposeDraft,
  { blocks, tree, states, windows }: CachedTokens,
  contextLength: number,
  running: readonly Sequence[],
): void {
  const { decoding } = builder;
  for (const [index, sequence] of decoding.entries()) {
    const share = Math.floor(builder.numDraftRowsLeft / (decoding.length - index));
    const numSlots = states === undefined ? Infinity : Math.floor(states.numFree / (decoding.length - index));
    const room = Math.min(share, numSlots, contextLength - sequence.numTokens);
    if (room <= 0) continue;
    const draft = propose(sequence.id, room).slice(0, room);
    const isWritable = (token: number) => {
      const position = sequence.numTokens + token;
      if (windows?.reserve(sequence, position, running) === false) return false;
      while (blocks.makeWritable(sequence.blockTable, position).kind === 'full') {
        if (!tree.evict()) return false;
      }
      windows?.place(sequence, position);
      return true;
    };
    let numGranted = 0;
    while (numGranted < draft.length && isWritable(numGranted)) numGranted++;
    if (numGranted === 0) continue;
    states?.extend(sequence, numGranted);
    builder.addDraft(sequence, draft.slice(0, numGranted));
  }
}

/** Of the tokens drawn behind a sequence's last token and behind each guess, those drawn behind nothing wrong. */
export function verifiedTokens(draft: readonly TokenId[], sampled: readonly TokenId[]): readonly TokenId[] {
  const firstWrong = draft.findIndex((token, index) => token !== sampled[index]);
  return firstWrong === -1 ? sampled : sampled.slice(0, firstWrong + 1);
}
