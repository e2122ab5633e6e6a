/**
 * One step while it is being put together (`StepDraft`: which sequences, how many rows each, under the limits) and when
 * it is done (`ScheduledStep`: a Batch and whose rows are whose). Knows limits and sequences; not the order in which
 * sequences are offered, nor where blocks come from.
 */
import type { SequenceId } from '../tokens.ts';
import type { Batch, BatchRow, CopyBlock } from './batch.ts';
import type { Sequence } from './sequence.ts';

export interface SchedulerLimits {
  /** Tokens of a sequence that may have their KV in the cache. */
  readonly contextLength: number;
  /** Rows of one batch. */
  readonly maxRowsPerStep: number;
  /** Of these, rows that prefill or replay, over all sequences. */
  readonly prefillChunkTokens: number;
  /** Of these, rows of class generated: decoded or replayed. Default: all. */
  readonly maxGeneratedRows?: number;
  /** Rows of one batch that may want logits; also how many sequences are admitted to run at a time. */
  readonly maxLogitRows: number;
}

/** Parallel to `batch.sequences`. */
export interface ScheduledSequence {
  readonly id: SequenceId;
  readonly numRows: number;
  readonly wantsLogits: boolean;
  /** `Sequence.numTruncations` at the time of scheduling. */
  readonly numTruncations: number;
}

export interface ScheduledStep {
  /** 1 for the first. */
  readonly serial: number;
  /** Without rows when there is nothing to do. */
  readonly batch: Batch;
  readonly sequences: readonly ScheduledSequence[];
  /** Whose the rows with `wantLogits` are, in the order of those rows. */
  readonly logitSequences: readonly SequenceId[];
  /** Admitted in this step for the first time. */
  readonly started: readonly { readonly id: SequenceId; readonly numCachedTokens: number }[];
  /** Lost their blocks to others in this step; they go on by themselves later. */
  readonly preempted: readonly SequenceId[];
  /** Cannot go on; they stay as they are until the host finishes or truncates them. */
  readonly contextFull: readonly SequenceId[];
}

interface Entry {
  readonly sequence: Sequence;
  readonly numRows: number;
}

export class StepDraft {
  readonly preempted: SequenceId[] = [];
  readonly started: { id: SequenceId; numCachedTokens: number }[] = [];
  readonly contextFull: SequenceId[] = [];
  readonly #limits: SchedulerLimits;
  readonly #entries = new Map<SequenceId, Entry>();
  readonly #copies = new Map<SequenceId, CopyBlock>();

  constructor(limits: SchedulerLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Rows of prefill or replay that still fit. */
  get numPrefillRowsLeft(): number {
    const numPrefillRows = this.#sumRows((entry) => entry.sequence.state.kind === 'prefilling');
    return Math.min(this.#numRowsLeft, this.#limits.prefillChunkTokens - numPrefillRows);
  }

  /** How many rows the sequence may have: of one class, within the limits, and no last row without room for logits. */
  numRowsFor(sequence: Sequence): number {
    const numLeft = sequence.state.kind === 'decoding' ? this.#numRowsLeft : this.numPrefillRowsLeft;
    const numRows = Math.min(sequence.runLength, numLeft, this.#numRowsLeftOfClass(sequence));
    const numLogitRows = [...this.#entries.values()].filter(wantsLogits).length;
    const mustStopShort = wantsLogits({ sequence, numRows }) && numLogitRows >= this.#limits.maxLogitRows;
    return mustStopShort ? numRows - 1 : numRows;
  }

  /** The sequence's next `numRows` tokens, after its copy if it has one. */
  add(sequence: Sequence, numRows: number): void {
    this.#entries.set(sequence.id, { sequence, numRows });
  }

  addCopy(sequence: Sequence, copy: CopyBlock): void {
    this.#copies.set(sequence.id, copy);
  }

  /** Takes a sequence out again, and returns its copy if it had one, which will not run now. */
  remove(sequence: Sequence): CopyBlock | undefined {
    const copy = this.#copies.get(sequence.id);
    this.#entries.delete(sequence.id);
    this.#copies.delete(sequence.id);
    return copy;
  }

  build(serial: number): ScheduledStep {
    const entries = [...this.#entries.values()];
    const ordered = [...entries.filter(isPromptRun), ...entries.filter((entry) => !isPromptRun(entry))];
    return {
      serial,
      batch: {
        sequences: ordered.map(({ sequence, numRows }) => ({
          blockTable: [...sequence.blockTable],
          length: sequence.numComputed + numRows,
        })),
        rows: ordered.flatMap(rowsOf),
        copies: [...this.#copies.values()],
      },
      sequences: ordered.map((entry) => ({
        id: entry.sequence.id,
        numRows: entry.numRows,
        wantsLogits: wantsLogits(entry),
        numTruncations: entry.sequence.numTruncations,
      })),
      logitSequences: ordered.filter(wantsLogits).map((entry) => entry.sequence.id),
      started: this.started,
      preempted: this.preempted,
      contextFull: this.contextFull,
    };
  }

  get #numRowsLeft(): number {
    return this.#limits.maxRowsPerStep - this.#sumRows(() => true);
  }

  #numRowsLeftOfClass(sequence: Sequence): number {
    if (sequence.classes[sequence.numComputed] === 'prompt') return Infinity;
    return (this.#limits.maxGeneratedRows ?? Infinity) - this.#sumRows((entry) => !isPromptRun(entry));
  }

  #sumRows(counts: (entry: Entry) => boolean): number {
    let sum = 0;
    for (const entry of this.#entries.values()) if (counts(entry)) sum += entry.numRows;
    return sum;
  }
}

function wantsLogits({ sequence, numRows }: Entry): boolean {
  return numRows > 0 && sequence.numComputed + numRows === sequence.numTokens;
}

function isPromptRun({ sequence }: Entry): boolean {
  return sequence.classes[sequence.numComputed] === 'prompt';
}

function rowsOf({ sequence, numRows }: Entry, index: number): readonly BatchRow[] {
  const start = sequence.numComputed;
  const tokenClass = sequence.classes[start] ?? 'prompt';
  return sequence.tokens.slice(start, start + numRows).map((token, offset) => ({
    sequence: index,
    token,
    position: start + offset,
    tokenClass,
    wantLogits: start + offset === sequence.numTokens - 1,
  }));
}
