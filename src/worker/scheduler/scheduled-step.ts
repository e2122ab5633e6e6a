/**
 * One step while it is being put together (`StepBuilder`: which sequences, how many rows each, under the limits) and when
 * it is done (`ScheduledStep`: a Batch and whose rows are whose). Knows limits and sequences; not the order in which
 * sequences are offered, nor where blocks come from.
 */
import { LinnetError } from '../errors.ts';
import type { SequenceId, TokenId } from '../tokens.ts';
import type { Batch, BatchRow, BatchSequence, CopyBlock } from './batch.ts';
import type { RecurrentStates } from './recurrent-states.ts';
import type { Sequence } from './sequence.ts';
import type { WindowBlocks } from './window-blocks.ts';

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
  /** Steps that may be on their way at a time. Default: 1, so that every result is known before the next step. */
  readonly maxStepsInFlight?: number;
}

/** @throws LinnetError `Internal` for limits that allow no step. */
export function checkLimits(limits: SchedulerLimits): void {
  const { contextLength, maxRowsPerStep, prefillChunkTokens, maxLogitRows, maxStepsInFlight = 1 } = limits;
  const sizes = [contextLength, maxRowsPerStep, prefillChunkTokens, maxLogitRows, maxStepsInFlight];
  if (sizes.every((size) => Number.isSafeInteger(size) && size > 0) && maxLogitRows <= maxRowsPerStep) return;
  throw new LinnetError('Internal', 'Scheduler limits must be positive, with maxLogitRows <= maxRowsPerStep.');
}

/** Parallel to `batch.sequences`. */
export interface ScheduledSequence {
  readonly id: SequenceId;
  /** Rows of tokens that it has. */
  readonly numRows: number;
  readonly wantsLogits: boolean;
  /** Index into `logitRows` of the sequence's first, where it has any. */
  readonly firstLogitRow: number;
  /** These are the last rows of a prompt, a replay or what a truncation left. */
  readonly endsPrefill: boolean;
  /** Guesses of the tokens behind its last one, a row with logits each. */
  readonly draft: readonly TokenId[];
  /** `Sequence.numTruncations` at the time of scheduling. */
  readonly numTruncations: number;
}

export interface LogitRow {
  readonly id: SequenceId;
  /** Of the token that is drawn from the row's logits. */
  readonly position: number;
  /** Guesses between the sequence's last token and the drawn one, and the last of them. The rows before have the others. */
  readonly numDrafts: number;
  readonly draft: TokenId | undefined;
}

export interface ScheduledStep {
  /** 1 for the first. */
  readonly serial: number;
  /** Without rows when there is nothing to do. */
  readonly batch: Batch;
  readonly sequences: readonly ScheduledSequence[];
  /** The rows with `wantLogits`, in their order. */
  readonly logitRows: readonly LogitRow[];
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
  readonly draft: readonly TokenId[];
}

const NO_DRAFT: readonly TokenId[] = [];

export class StepBuilder {
  readonly preempted: SequenceId[] = [];
  readonly started: { id: SequenceId; numCachedTokens: number }[] = [];
  readonly contextFull: SequenceId[] = [];
  readonly #limits: SchedulerLimits;
  readonly #states: RecurrentStates | undefined;
  readonly #windows: WindowBlocks | undefined;
  readonly #entries = new Map<SequenceId, Entry>();
  readonly #copies = new Map<SequenceId, CopyBlock>();

  constructor(limits: SchedulerLimits, states?: RecurrentStates, windows?: WindowBlocks) {
    this.#limits = limits;
    this.#states = states;
    this.#windows = windows;
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
    const mustStopShort = wantsLogits({ sequence, numRows }) && this.#numLogitRowsLeft <= 0;
    return mustStopShort ? numRows - 1 : numRows;
  }

  /** Sequences that are known to their last token, which is in this step, so that guesses behind it can be verified in it. */
  get decoding(): readonly Sequence[] {
    const entries = [...this.#entries.values()].filter(
      ({ sequence }) => sequence.state.kind === 'decoding' && sequence.numPending === 0,
    );
    return entries.map(({ sequence }) => sequence);
  }

  /** Rows that nobody needs, each with room for logits. */
  get numDraftRowsLeft(): number {
    const numGeneratedLeft = (this.#limits.maxGeneratedRows ?? Infinity) - this.#numGeneratedRows;
    return Math.max(0, Math.min(this.#numRowsLeft, numGeneratedLeft, this.#numLogitRowsLeft));
  }

  /** The sequence's next `numRows` tokens, after its copy if it has one. */
  add(sequence: Sequence, numRows: number): void {
    this.#entries.set(sequence.id, { sequence, numRows, draft: NO_DRAFT });
  }

  /** Rows for guesses behind the rows of a sequence that is in the step. */
  addDraft(sequence: Sequence, draft: readonly TokenId[]): void {
    const entry = this.#entries.get(sequence.id);
    if (entry !== undefined) this.#entries.set(sequence.id, { ...entry, draft });
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
    const copies = [...this.#copies.values()];
    let numLogitRows = 0;
    const scheduled = ordered.map((entry): ScheduledSequence => {
      const { sequence, numRows, draft } = entry;
      const firstLogitRow = numLogitRows;
      if (wantsLogits(entry)) numLogitRows += 1 + draft.length;
      return {
        id: sequence.id,
        numRows,
        wantsLogits: wantsLogits(entry),
        firstLogitRow,
        endsPrefill: wantsLogits(entry) && sequence.state.kind === 'prefilling',
        draft,
        numTruncations: sequence.numTruncations,
      };
    });
    return {
      serial,
      batch: {
        sequences: ordered.map(({ sequence, numRows, draft }) => ({
          blockTable: [...sequence.blockTable],
          length: sequence.numComputed + numRows + draft.length,
          ...this.#windowTableOf(sequence),
          ...(this.#states === undefined ? {} : { states: this.#states.batchStates(sequence, numRows + draft.length) }),
        })),
        rows: ordered.flatMap(rowsOf),
        copies,
        ...(this.#windows === undefined ? {} : { windowCopies: this.#windows.copiesOf(copies) }),
      },
      sequences: scheduled,
      logitRows: ordered.filter(wantsLogits).flatMap(logitRowsOf),
      started: this.started,
      preempted: this.preempted,
      contextFull: this.contextFull,
    };
  }

  #windowTableOf({ blockTable, numComputed }: Sequence): Pick<BatchSequence, 'windowTable'> {
    return this.#windows === undefined ? {} : { windowTable: this.#windows.tableOf(blockTable, numComputed) };
  }

  get #numRowsLeft(): number {
    return this.#limits.maxRowsPerStep - this.#sumRows(() => true);
  }

  #numRowsLeftOfClass(sequence: Sequence): number {
    if (sequence.classes[sequence.numComputed] === 'prompt') return Infinity;
    return (this.#limits.maxGeneratedRows ?? Infinity) - this.#numGeneratedRows;
  }

  get #numGeneratedRows(): number {
    return this.#sumRows((entry) => !isPromptRun(entry));
  }

  get #numLogitRowsLeft(): number {
    let numTaken = 0;
    for (const entry of this.#entries.values()) if (wantsLogits(entry)) numTaken += 1 + entry.draft.length;
    return this.#limits.maxLogitRows - numTaken;
  }

  #sumRows(counts: (entry: Entry) => boolean): number {
    let sum = 0;
    for (const entry of this.#entries.values()) if (counts(entry)) sum += entry.numRows + entry.draft.length;
    return sum;
  }
}

function wantsLogits({ sequence, numRows }: Pick<Entry, 'sequence' | 'numRows'>): boolean {
  return numRows > 0 && sequence.numComputed + numRows === sequence.numTokens;
}

function isPromptRun({ sequence }: Entry): boolean {
  return sequence.classes[sequence.numComputed] === 'prompt';
}

function logitRowsOf({ sequence, draft }: Entry): readonly LogitRow[] {
  const { id, numTokens } = sequence;
  const rowBehind = (token: TokenId | undefined, numDrafts: number): LogitRow => ({
    id,
    position: numTokens + numDrafts,
    numDrafts,
    draft: token,
  });
  return [undefined, ...draft].map(rowBehind);
}

function rowsOf({ sequence, numRows, draft }: Entry, index: number): readonly BatchRow[] {
  const start = sequence.numComputed;
  const tokenClass = sequence.classes[start] ?? 'prompt';
  const tokens = Array.from({ length: numRows }, (_, offset) => sequence.tokenAt(start + offset));
  return [...tokens, ...draft].map((token, offset) => ({
    sequence: index,
    token,
    position: start + offset,
    tokenClass,
    wantLogits: start + offset >= sequence.numTokens - 1,
  }));
}
