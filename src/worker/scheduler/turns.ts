/** Which of a scheduler's sequences are to be offered rows, and in what order. Pure; knows no blocks. */
import type { Sequence } from './sequence.ts';

export function runningOf(sequences: readonly Sequence[]): readonly Sequence[] {
  return sequences.filter((sequence) => sequence.isRunning);
}

/** Those first that waited longest, so that all get on when there are more than fit; among equals the oldest. */
export function decodingInTurn(sequences: readonly Sequence[]): readonly Sequence[] {
  const decoding = sequences.filter((sequence) => sequence.state.kind === 'decoding');
  return decoding.sort((one, other) => one.lastStep - other.lastStep || one.id - other.id);
}

export function prefillingOf(sequences: readonly Sequence[]): readonly Sequence[] {
  return sequences.filter((sequence) => sequence.state.kind === 'prefilling');
}

/** The oldest that could be admitted. */
export function firstWaiting(sequences: readonly Sequence[], contextLength: number): Sequence | undefined {
  return sequences.find(
    ({ state, numTokens, numPending, maxTokens }) =>
      state.kind === 'waiting' && numPending === 0 && numTokens <= contextLength && numTokens < maxTokens,
  );
}

/** Those that cannot go on. */
export function overlongOf(sequences: readonly Sequence[], contextLength: number): readonly Sequence[] {
  return sequences.filter(({ numTokens }) => numTokens > contextLength);
}
