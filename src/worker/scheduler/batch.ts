/**
 * What the scheduler hands to the forward pass for one step, as plain data, and a check of everything that the forward
 * pass may rely on. Knows nothing of how rows were chosen, nor of buffers.
 *
 * Order of a step: all `copies` (in any order, also at once: no block is both a source and a target), then in every
 * layer the K/V of all rows is written before any row attends.
 */
import { LinnetError } from '../errors.ts';
import type { BlockId, TokenClass, TokenId } from '../tokens.ts';

export interface BatchSequence {
  /** Token `p` lies in block `blockTable[floor(p / blockTokens)]`, slot `p % blockTokens`. */
  readonly blockTable: readonly BlockId[]; // [ceil(length / blockTokens)]
  /** Tokens in the cache after this step. */
  readonly length: number;
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
}

function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new LinnetError('Internal', `Invalid batch: ${message}.`);
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
}
