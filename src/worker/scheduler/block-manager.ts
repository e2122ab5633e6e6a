/**
 * The pool of KV blocks: who may use which (P5). Reference counts, a free list, and copy-on-write. Knows block numbers
 * only: not what the tokens are, nor where the bytes lie. Deterministic: the same calls give the same blocks.
 *
 * A block table belongs to its holder (a `Sequence`); the manager alone changes it. The block of position `p` may be
 * written only while its holder is the only one; `makeWritable` sees to that.
 */
import { LinnetError } from '../errors.ts';
import { blockId, type BlockId } from '../tokens.ts';
import type { CopyBlock } from './batch.ts';

/** The answer to "may I write position p?". `full`: no block is free, nothing was changed. */
export type WriteGrant =
  { readonly kind: 'ready' } | { readonly kind: 'copy'; readonly copy: CopyBlock } | { readonly kind: 'full' };

export class BlockManager {
  readonly numBlocks: number;
  /** Tokens in a block: 16 or 32. */
  readonly blockTokens: number;
  readonly #refs: Uint32Array; // [numBlocks]
  readonly #free: BlockId[]; // a stack
  /**
   * How many copies of the step being built read a block. It is not given out again before `endStep`, so that the
   * copies may run in any order.
   */
  readonly #copySources = new Map<BlockId, number>();
  /** Of these, the ones that nobody holds any more. */
  readonly #parked = new Set<BlockId>();
  /** Called for every block that may be given out again. */
  onFree: ((block: BlockId) => void) | undefined;

  /** @throws LinnetError `Internal` for an empty pool or another block size. */
  constructor(numBlocks: number, blockTokens: number) {
    if (!Number.isSafeInteger(numBlocks) || numBlocks < 1 || (blockTokens !== 16 && blockTokens !== 32)) {
      throw new LinnetError('Internal', 'A KV pool needs at least one block, and blocks of 16 or 32 tokens.');
    }
    this.numBlocks = numBlocks;
    this.blockTokens = blockTokens;
    this.#refs = new Uint32Array(numBlocks);
    this.#free = Array.from({ length: numBlocks }, (_, index) => blockId(numBlocks - 1 - index));
  }

  get numFree(): number {
    return this.#free.length;
  }

  /** Blocks that `numTokens` tokens take. */
  numBlocksFor(numTokens: number): number {
    return Math.ceil(numTokens / this.blockTokens);
  }

  refCount(block: BlockId): number {
    return this.#refs[block] ?? 0;
  }

  /** A block with one reference, or undefined when none is free. */
  allocate(): BlockId | undefined {
    const block = this.#free.pop();
    if (block !== undefined) this.#refs[block] = 1;
    return block;
  }

  retain(block: BlockId): void {
    const refs = this.refCount(block);
    if (refs === 0) throw new LinnetError('Internal', `Block ${String(block)} was retained, but is not in use.`);
    this.#refs[block] = refs + 1;
  }

  release(block: BlockId): void {
    const refs = this.refCount(block);
    if (refs === 0) throw new LinnetError('Internal', `Block ${String(block)} was released, but is not in use.`);
    this.#refs[block] = refs - 1;
    if (refs > 1) return;
    if (this.#copySources.has(block)) this.#parked.add(block);
    else this.#giveBack(block);
  }

  /** A second block table of the first `numBlocks` blocks, sharing them. */
  fork(blockTable: readonly BlockId[], numBlocks: number): BlockId[] {
    const shared = blockTable.slice(0, numBlocks);
    for (const block of shared) this.retain(block);
    return shared;
  }

  /** Gives back the blocks past the first `numBlocks`. A last block that is shared stays shared until written. */
  truncate(blockTable: BlockId[], numBlocks: number): void {
    for (const block of blockTable.splice(numBlocks).toReversed()) this.release(block);
  }

  /**
   * Makes the block of `position` the holder's own: adds a fresh one at the table's end, or replaces a shared one and
   * tells what to copy (the slots before `position`). Positions are made writable in ascending order.
   */
  makeWritable(blockTable: BlockId[], position: number): WriteGrant {
    const index = Math.floor(position / this.blockTokens);
    if (index > blockTable.length) {
      throw new LinnetError('Internal', `Position ${String(position)} lies past the end of its block table.`);
    }
    const block = blockTable[index];
    if (block !== undefined && this.refCount(block) === 1) return { kind: 'ready' };
    const fresh = this.allocate();
    if (fresh === undefined) return { kind: 'full' };
    blockTable[index] = fresh;
    if (block === undefined) return { kind: 'ready' };
    const numTokens = position % this.blockTokens;
    if (numTokens > 0) this.#copySources.set(block, (this.#copySources.get(block) ?? 0) + 1);
    this.release(block);
    return numTokens > 0 ? { kind: 'copy', copy: { from: block, to: fresh, numTokens } } : { kind: 'ready' };
  }

  /** A copy that `makeWritable` asked for will not run. Its target is still the holder's. */
  cancelCopy({ from }: CopyBlock): void {
    const numCopies = this.#copySources.get(from) ?? 0;
    if (numCopies > 1) this.#copySources.set(from, numCopies - 1);
    else this.#copySources.delete(from);
    if (numCopies <= 1 && this.#parked.delete(from)) this.#giveBack(from);
  }

  /** The step is made: whatever writes the sources of its copies from now on runs behind it, so they may be given out again. */
  endStep(): void {
    this.#copySources.clear();
    for (const block of this.#parked) this.#giveBack(block);
    this.#parked.clear();
  }

  #giveBack(block: BlockId): void {
    this.#free.push(block);
    this.onFree?.(block);
  }

  /**
   * Throws `Internal` unless every block is exactly one of free, parked, or in use, and `holders` (every block of every
   * table and of the prefix tree, with repetitions) are exactly the references counted.
   */
  checkInvariants(holders: Iterable<BlockId>): void {
    const counted = new Uint32Array(this.numBlocks);
    for (const block of holders) counted[block] = (counted[block] ?? 0) + 1;
    const free = new Set(this.#free);
    if (free.size !== this.#free.length) throw new LinnetError('Internal', 'A block is on the free list twice.');
    for (const [index, refs] of this.#refs.entries()) {
      const block = blockId(index);
      const places = Number(refs > 0) + Number(free.has(block)) + Number(this.#parked.has(block));
      if (places !== 1) throw new LinnetError('Internal', `Block ${String(index)} is lost or in two places.`);
      if (refs !== counted[index]) {
        const held = String(counted[index]);
        throw new LinnetError(
          'Internal',
          `Block ${String(index)} counts ${String(refs)} references, ${held} are held.`,
        );
      }
    }
  }
}
