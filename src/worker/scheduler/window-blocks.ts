/**
 * The keys and values of windowed layers, in a pool of their own that is smaller than that of the others: a block of the cache has
 * a block there while a row may still see one of its tokens, and for longer while nobody needs the room. Whose blocks they are the
 * block manager knows: they are shared, copied and given up with the block that they belong to. A sequence that finds those of
 * its window gone goes back to where they are all there and computes the rest again. Knows no GPU and no policy of scheduling.
 */
import { LinnetError } from '../errors.ts';
import { blockId, type BlockId } from '../tokens.ts';
import type { CopyBlock } from './batch.ts';
import type { BlockManager } from './block-manager.ts';
import type { Sequence } from './sequence.ts';

/** What sees windows: a sequence, or a text beside them. */
export type Windowed = Pick<Sequence, 'blockTable' | 'tokens' | 'numComputed'>;

export class WindowBlocks {
  readonly numBlocks: number;
  /** Keys a token sees, its own among them. */
  readonly #window: number;
  readonly #blocks: BlockManager;
  /** block of the cache -> its window block; the one that was used longest ago first. */
  readonly #of = new Map<BlockId, BlockId>();
  readonly #free: BlockId[];
  /** Blocks that copies of the step being built read. */
  readonly #copied = new Set<BlockId>();

  /** @throws LinnetError `Internal` for an empty pool or window */
  constructor(numBlocks: number, window: number, blocks: BlockManager) {
    if (!(numBlocks > 0 && window > 0)) throw new LinnetError('Internal', 'A window needs a token and a block.');
    this.numBlocks = numBlocks;
    this.#window = window;
    this.#blocks = blocks;
    this.#free = Array.from({ length: numBlocks }, (_, index) => blockId(numBlocks - 1 - index));
    blocks.onFree = (block) => {
      this.#drop(block);
    };
  }

  get numFree(): number {
    return this.#free.length;
  }

  /** Whether `next` could keep its window beside those of the sequences that run. `numRows`: the most that a step has of one. */
  hasRoomFor(next: Sequence, running: readonly Sequence[], numRows: number): boolean {
    const { blockTokens } = this.#blocks;
    const most = Math.ceil(this.#window / blockTokens) + 1;
    const needed = [next, ...running].map(({ numTokens }) =>
      Math.min(most, this.#blocks.numBlocksFor(numTokens + blockTokens)),
    );
    const chunk = Math.ceil(numRows / blockTokens);
    return needed.reduce((sum, count) => sum + count, chunk) <= this.numBlocks;
  }

  /** How many of the first `numTokens` tokens need not be computed again: the most behind which a whole window is there. */
  usable(blockTable: readonly BlockId[], numTokens: number): number {
    const { blockTokens } = this.#blocks;
    const numBlocks = this.#blocks.numBlocksFor(numTokens);
    let longest = 0;
    for (let first = 0; first < numBlocks;) {
      let end = first;
      while (end < numBlocks && this.#has(blockTable[end])) end += 1;
      const reached = Math.min(numTokens, end * blockTokens);
      if (end > first && (first === 0 || this.#firstVisible(reached) >= first * blockTokens)) longest = reached;
      first = end + 1;
    }
    return longest;
  }

  /** Whether the sequence's next row finds all that it may see. */
  #covers({ blockTable, numComputed }: Sequence): boolean {
    return blockTable
      .slice(this.firstBlockFor(numComputed), this.#blocks.numBlocksFor(numComputed))
      .every((block) => this.#has(block));
  }

  /**
   * Sees to it that `place` finds a window block for a position, at the cost of what nobody needs; false where all are needed by
   * `running` sequences. To be called before the position is made writable.
   */
  reserve({ blockTable }: Windowed, position: number, running: readonly Windowed[]): boolean {
    const block = blockTable[Math.floor(position / this.#blocks.blockTokens)];
    const isThere = block !== undefined && this.#has(block) && this.#blocks.refCount(block) === 1;
    return isThere || this.#free.length > 0 || this.#evict(running);
  }

  /** The block of a position, which was made writable, has a window block from here on. `copy`: what it begins with. */
  place({ blockTable }: Windowed, position: number, copy?: CopyBlock): void {
    const block = blockTable[Math.floor(position / this.#blocks.blockTokens)];
    if (copy !== undefined) this.#copied.add(copy.from);
    if (block === undefined || this.#has(block)) return;
    const own = this.#free.pop();
    if (own === undefined || (position % this.#blocks.blockTokens > 0 && copy === undefined)) {
      throw new LinnetError(
        'Internal',
        'A position in a window without a block, or within one whose beginning is gone.',
      );
    }
    this.#of.set(block, own);
  }

  /** Index of the first block that a row at `position` may see. */
  firstBlockFor(position: number): number {
    return Math.floor(this.#firstVisible(position) / this.#blocks.blockTokens);
  }

  /** The window block that belongs to a block, if there is one. */
  of(block: BlockId): BlockId | undefined {
    return this.#of.get(block);
  }

  /** Whether so many window blocks are free, or could be taken from those that no sequence needs. */
  hasFree(numBlocks: number, running: readonly Sequence[]): boolean {
    const needed = new Set(running.flatMap((sequence) => this.#neededBy(sequence)));
    return this.#free.length + [...this.#of.keys()].filter((block) => !needed.has(block)).length >= numBlocks;
  }

  /**
   * Gives each of `blocks` a window block, where it has none: those that are to be written, before anything else runs; undefined
   * where one is there. `hasFree` must have said so.
   */
  adopt(blocks: readonly BlockId[], running: readonly Sequence[]): readonly (BlockId | undefined)[] {
    for (const block of blocks) this.#touch(block);
    return blocks.map((block) => {
      if (this.#has(block)) return undefined;
      if (this.#free.length === 0) this.#evict(running);
      const own = this.#free.pop();
      if (own === undefined) throw new LinnetError('Internal', 'A window is adopted for which there is no room.');
      this.#of.set(block, own);
      return own;
    });
  }

  /** A table for the batch: of blocks that no row sees any block. Those that it may see have now been used. */
  tableOf(blockTable: readonly BlockId[], firstRow: number): readonly BlockId[] {
    const first = this.firstBlockFor(firstRow);
    return blockTable.map((block, index) => {
      const own = this.#of.get(block);
      if (index < first) return own ?? blockId(0);
      if (own === undefined)
        throw new LinnetError('Internal', `Block ${String(block)} has left a window that sees it.`);
      this.#touch(block);
      return own;
    });
  }

  /** The same copies, of window blocks. */
  copiesOf(copies: readonly CopyBlock[]): readonly CopyBlock[] {
    return copies.map(({ from, to, numTokens }) => {
      const [source, target] = [this.#of.get(from), this.#of.get(to)];
      if (source === undefined || target === undefined) throw new LinnetError('Internal', 'A copy of what is gone.');
      return { from: source, to: target, numTokens };
    });
  }

  /** The step is made. */
  endStep(): void {
    this.#copied.clear();
  }

  /** Throws `Internal` when a window block is lost, held twice, or belongs to a block that nobody holds, or one is missing. */
  checkInvariants(running: readonly Sequence[]): void {
    const held = [...this.#of.values(), ...this.#free];
    const isWhole = held.length === this.numBlocks && new Set(held).size === held.length;
    const isUsed = [...this.#of.keys()].every((block) => this.#blocks.refCount(block) > 0);
    if (!running.every((sequence) => this.#covers(sequence))) throw new LinnetError('Internal', 'A window is gone.');
    if (!isWhole || !isUsed) throw new LinnetError('Internal', 'A window block is lost, or held for nobody.');
  }

  /** The first position that a row at `position` may see. */
  #firstVisible(position: number): number {
    return Math.max(0, position + 1 - this.#window);
  }

  /** It has now been used. */
  #touch(block: BlockId): void {
    const own = this.#of.get(block);
    if (own === undefined) return;
    this.#of.delete(block);
    this.#of.set(block, own);
  }

  #has(block: BlockId | undefined): boolean {
    return block !== undefined && this.#of.has(block);
  }

  #drop(block: BlockId): void {
    const own = this.#of.get(block);
    if (own === undefined) return;
    this.#of.delete(block);
    this.#free.push(own);
  }

  /** Takes the window block that was used longest ago of those that no sequence needs; false when there is none. */
  #evict(running: readonly Windowed[]): boolean {
    const needed = new Set(running.flatMap((sequence) => this.#neededBy(sequence)));
    for (const block of this.#of.keys()) {
      if (needed.has(block) || this.#copied.has(block)) continue;
      this.#drop(block);
      return true;
    }
    return false;
  }

  /** Blocks that rows of the sequence may see, also when what it drew last turns out not to count. */
  #neededBy({ blockTable, numComputed, tokens }: Windowed): readonly BlockId[] {
    const next = Math.min(numComputed, tokens.length - 1);
    return blockTable.slice(this.firstBlockFor(next));
  }
}
