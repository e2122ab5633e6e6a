/**
 * A text that is computed beside the sequences, for what its tokens leave in the model and not for what comes next: it has blocks, a
 * place for its state and blocks of windows as a sequence has, and neither finds anything in the prefix tree nor leaves anything
 * there. What a sequence needs is taken from it; it then begins again. Knows no GPU.
 */
import type { BlockId, StateSlot, TokenId } from '../tokens.ts';
import type { Batch, BatchRow } from './batch.ts';
import type { CachedTokens } from './cached-tokens.ts';
import { allocateBlocks } from './kept-prefix.ts';
import type { Windowed } from './window-blocks.ts';

export class Aside implements Windowed {
  readonly tokens: readonly TokenId[];
  readonly blockTable: BlockId[];
  readonly #cached: CachedTokens;
  readonly #running: () => readonly Windowed[];
  /** Of models with recurrent layers. */
  readonly #state: StateSlot | undefined;
  #numComputed = 0;
  #isHeld = true;

  private constructor(
    tokens: readonly TokenId[],
    cached: CachedTokens,
    running: () => readonly Windowed[],
    blocks: BlockId[],
    state?: StateSlot,
  ) {
    this.tokens = tokens;
    this.blockTable = blocks;
    this.#cached = cached;
    this.#running = running;
    this.#state = state;
  }

  /** `running`: sequences whose windows are theirs. Undefined where there is no room, also when all that is cached for later made some. */
  static begin(
    tokens: readonly TokenId[],
    cached: CachedTokens,
    running: () => readonly Windowed[],
  ): Aside | undefined {
    const { blocks, tree, states } = cached;
    const numBlocks = blocks.numBlocksFor(tokens.length);
    if (blocks.numFree + tree.numEvictable < numBlocks || states?.hasRoom === false) return undefined;
    const table = allocateBlocks(numBlocks, cached);
    return table && new Aside(tokens, cached, running, table, states?.lend());
  }

  get numComputed(): number {
    return this.#numComputed;
  }

  /** False once its places are given back, or were taken. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * The next `numRows` tokens, none of which wants logits; they count as computed. Undefined where their windows have no room beside
   * those of running sequences; no longer held where what they would see was taken.
   */
  next(numRows: number): Batch | undefined {
    const start = this.#numComputed;
    const end = start + numRows;
    if (!this.#reserveWindows(end)) return undefined;
    const { blocks, states, windows } = this.#cached;
    const blockTable = this.blockTable.slice(0, blocks.numBlocksFor(end));
    const rows = this.tokens.slice(start, end).map((token, i): BatchRow => {
      return { sequence: 0, token, position: start + i, tokenClass: 'prompt', wantLogits: false };
    });
    const to = rows.map((_, i) => (i === numRows - 1 ? this.#state : undefined));
    const sequence = {
      blockTable,
      length: end,
      ...(windows === undefined ? {} : { windowTable: windows.tableOf(blockTable, start) }),
      ...(states === undefined ? {} : { states: { from: start === 0 ? undefined : this.#state, to } }),
    };
    this.#numComputed = end;
    return { sequences: [sequence], rows, copies: [] };
  }

  /** Gives all places back; false where it had none any more. */
  end(): boolean {
    if (!this.#isHeld) return false;
    this.#isHeld = false;
    const { blocks, states } = this.#cached;
    blocks.truncate(this.blockTable, 0);
    if (this.#state !== undefined) states?.takeBack(this.#state);
    return true;
  }

  #reserveWindows(end: number): boolean {
    const { blocks, windows } = this.#cached;
    if (windows === undefined) return true;
    const { blockTokens } = blocks;
    if (windows.usable(this.blockTable, this.#numComputed) < this.#numComputed) {
      this.end();
      return false;
    }
    for (let at = this.#numComputed; at < end; at = (Math.floor(at / blockTokens) + 1) * blockTokens) {
      if (!windows.reserve(this, at, [...this.#running(), this])) return false;
      windows.place(this, at);
    }
    return true;
  }
}
