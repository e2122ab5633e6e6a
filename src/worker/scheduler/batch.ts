/**
 * What the scheduler hands to the forward pass for one step, as plain data, and a check of everything that the forward
 * pass may rely on. Knows nothing of how rows were chosen, nor of buffers.
 *
 * Order of a step: all `copies` (in any order, also at once: no block is both a source and a target), then in every
 * layer the K/V of all rows is written before any row attends.
 */
import { LinnetError } from '../errors.ts';
import type { BlockId, StateSlot, TokenClass, TokenId } from '../tokens.ts';

/** Where the states of a sequence's recurrent layers are. */
export interface BatchStates {
  /** The state before its first row; undefined before the first token, where it is zero. */
  readonly from: StateSlot | undefined;
  /** Where the state behind a row goes, for those of its rows where it is kept; always for the last. May be `from`. */
  readonly to: readonly (StateSlot | undefined)[]; // [rows of the sequence]
}

export interface BatchSequence {
  /** Token `p` lies in block `blockTable[floor(p / blockTokens)]`, slot `p % blockTokens`. */
  readonly blockTable: readonly BlockId[]; // [ceil(length / blockTokens)]
  /** The same in the pool of windowed layers, for models where they have one; blocks that no row sees may be any. */
  readonly windowTable?: readonly BlockId[]; // [ceil(length / blockTokens)]
  /** Tokens in the cache after this step. */
  readonly length: number;
  /** For models that have recurrent layers. */
  readonly states?: BatchStates;
}

/** A token whose id only the GPU knows so far: the step right before this one draws it from its logits number `logitRow`. */
export interface PendingToken {
  readonly logitRow: number;
}

export interface BatchRow {
  /** Index into `sequences`. */
  readonly sequence: number;
  readonly token: TokenId | PendingToken;
  readonly position: number;
  readonly tokenClass: TokenClass;
  readonly wantLogits: boolean;
}

/** A copy-on-write copy: the first `numTokens` slots of `from`, in every layer that is paged. */
export interface CopyBlock {
  readonly from: BlockId;
  readonly to: BlockId;
  readonly numTokens: number;
}

export interface Batch {
  readonly sequences: readonly BatchSequence[];
  /**
   * All prompt rows, then all generated rows; the rows of a sequence are neighbours, ascending, and of one class. Logits are
   * wanted of a sequence's last row, and also of generated rows right before it when those behind them are drafts.
   */
  readonly rows: readonly BatchRow[];
  readonly copies: readonly CopyBlock[];
  /** The same copies in the pool of windowed layers, where they have one. */
  readonly windowCopies?: readonly CopyBlock[];
}

function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new LinnetError('Internal', `Invalid batch: ${message}.`);
}

/** No state is read by one sequence and written by another, and none is written twice. */
function validateStates({ sequences, rows }: Batch): void {
  const writers = new Map<StateSlot, number>();
  for (const [index, { states }] of sequences.entries()) {
    if (states === undefined) continue;
    const numRows = rows.filter((row) => row.sequence === index).length;
    demand(states.to.length === numRows, `places for the states of ${String(index)} that are not as many as its rows`);
    demand(states.to.at(-1) !== undefined, `no place for the state of sequence ${String(index)}`);
    const start = rows.find((row) => row.sequence === index)?.position ?? 0;
    demand((states.from === undefined) === (start === 0), `sequence ${String(index)} starts without its state`);
    for (const slot of states.to) {
      if (slot === undefined) continue;
      demand(!writers.has(slot), `slot ${String(slot)} is written twice`);
      writers.set(slot, index);
    }
  }
  for (const [index, { states }] of sequences.entries()) {
    const writer = states?.from === undefined ? undefined : writers.get(states.from);
    demand(
      writer === undefined || writer === index,
      `the state of sequence ${String(index)} is overwritten by another`,
    );
  }
}

function validateCopies(batch: Batch, blockTokens: number): void {
  const targets = new Set(batch.copies.map((copy) => copy.to));
  demand(targets.size === batch.copies.length, 'two copies have the same target');
  for (const copy of batch.copies) {
    demand(!targets.has(copy.from), `block ${String(copy.from)} is both a source and a target`);
    demand(copy.numTokens > 0 && copy.numTokens < blockTokens, `a copy of ${String(copy.numTokens)} tokens`);
    const numUsers = batch.sequences.filter((sequence) => sequence.blockTable.includes(copy.to)).length;
    demand(numUsers === 1, `copied block ${String(copy.to)} is in ${String(numUsers)} block tables`);
  }
}

function validateSequence(batch: Batch, index: number, blockTokens: number): void {
  const sequence = batch.sequences[index];
  const label = `sequence ${String(index)}`;
  demand(sequence !== undefined, `no ${label}`);
  const rows = batch.rows.filter((row) => row.sequence === index);
  const first = rows[0];
  const last = rows.at(-1);
  demand(first !== undefined && last !== undefined, `${label} has no rows`);
  demand(batch.rows.lastIndexOf(last) - batch.rows.indexOf(first) === rows.length - 1, `rows of ${label} are apart`);
  for (const [offset, row] of rows.entries()) {
    demand(row.position === first.position + offset, `positions of ${label} do not ascend by one`);
    demand(row.tokenClass === first.tokenClass, `${label} mixes classes`);
    const wantsEarlier = offset > 0 && rows[offset - 1]?.wantLogits === true;
    demand(row.wantLogits || !wantsEarlier, `${label} wants logits in the middle`);
    demand(
      typeof row.token === 'number' || (rows.length === 1 && row.wantLogits),
      `${label} goes on from a pending token`,
    );
    demand(!row.wantLogits || row === last || row.tokenClass === 'generated', `${label} verifies prompt tokens`);
  }
  demand(sequence.length === last.position + 1, `length of ${label} does not end with its rows`);
  const { blockTable } = sequence;
  demand(blockTable.length === Math.ceil(sequence.length / blockTokens), `block table of ${label} has a wrong length`);
  demand(new Set(blockTable).size === blockTable.length, `${label} has a block twice`);
  const { windowTable = blockTable } = sequence;
  demand(windowTable.length === blockTable.length, `window table of ${label} has a wrong length`);
  for (const block of blockTable.slice(Math.floor(first.position / blockTokens))) {
    const numUsers = batch.sequences.filter((other) => other.blockTable.includes(block)).length;
    demand(numUsers === 1, `block ${String(block)} is written by ${label} and used by another`);
  }
}

/** Throws `Internal` naming the first broken rule. For tests and debugging: quadratic in the number of rows. */
export function validateBatch(batch: Batch, blockTokens: number): void {
  const firstGenerated = batch.rows.findIndex((row) => row.tokenClass === 'generated');
  const numPrompt = batch.rows.filter((row) => row.tokenClass === 'prompt').length;
  demand(firstGenerated === -1 || firstGenerated === numPrompt, 'a prompt row comes after a generated one');
  for (const row of batch.rows) demand(row.sequence < batch.sequences.length, 'a row without a sequence');
  for (const index of batch.sequences.keys()) validateSequence(batch, index, blockTokens);
  validateCopies(batch, blockTokens);
  validateStates(batch);
}
