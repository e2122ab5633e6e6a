/**
 * A stand-in for the forward pass, for tests: the "KV" of a token is a hash of its id, its class and the KV of the token
 * before it, read through the block table. So a single wrong block, copy, class or order changes everything after it. A recurrent
 * state is that of the last token, kept in slots, and must be what the block table says; so must be what a row sees of a window.
 * It shares no code with the scheduler but the batch's types and its check.
 */
import { tokenId, type BlockId, type SequenceId, type TokenClass, type TokenId } from '../../tokens.ts';
import {
  validateBatch,
  type Batch,
  type BatchSequence,
  type BatchStates,
  type CopyBlock,
  type PendingToken,
} from '../batch.ts';
import { BlockManager } from '../block-manager.ts';
import { ConversationLog } from '../conversation-log.ts';
import type { PrefixPlaces } from '../kept-prefix.ts';
import { PrefixTree } from '../prefix-tree.ts';
import { RecurrentStates } from '../recurrent-states.ts';
import type { ScheduledStep, SchedulerLimits } from '../scheduled-step.ts';
import { Scheduler } from '../scheduler.ts';
import type { ProposeDraft } from '../speculation.ts';
import { WindowBlocks } from '../window-blocks.ts';

const START = 0x9e3779b9;
const NO_STATES: BatchStates = { from: undefined, to: [] };

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function tokensOf(...values: number[]): TokenId[] {
  return values.map(tokenId);
}

/** `count` tokens `first`, `first + 1`, ... */
export function tokenRange(first: number, count: number): TokenId[] {
  return Array.from({ length: count }, (_, index) => tokenId(first + index));
}

function nextKv(previous: number, token: TokenId, tokenClass: TokenClass): number {
  let hash = Math.imul(previous ^ (token + (tokenClass === 'generated' ? 0x10001 : 1)), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** What the KV of these tokens must be. */
export function expectedKv(tokens: readonly TokenId[], classes: readonly TokenClass[]): number[] {
  let kv = START;
  return tokens.map((token, index) => (kv = nextKv(kv, token, classes[index] ?? 'prompt')));
}

export interface SavedKv {
  readonly kv: readonly (number | undefined)[]; // [tokens]
  readonly windowKv: readonly (number | undefined)[] | undefined;
  readonly state: number | undefined;
}

export class FakeForward {
  readonly #blockTokens: number;
  readonly #vocabSize: number;
  readonly #cells: Uint32Array; // [numBlocks * blockTokens]
  readonly #states: Uint32Array; // [numSlots]
  readonly #windowCells: Uint32Array; // [numBlocks of the windows' pool * blockTokens]
  readonly #window: number;
  /** By the run before. */
  #drawn: readonly TokenId[] = [];

  constructor(blocks: BlockManager, vocabSize: number, numSlots = 0, { numWindowBlocks = 0, window = 0 } = {}) {
    this.#windowCells = new Uint32Array(numWindowBlocks * blocks.blockTokens);
    this.#window = window;
    this.#states = new Uint32Array(numSlots);
    this.#blockTokens = blocks.blockTokens;
    this.#vocabSize = vocabSize;
    this.#cells = new Uint32Array(blocks.numBlocks * blocks.blockTokens);
  }

  /** The greedy token after KV `kv`. */
  sample(kv: number): TokenId {
    return tokenId(kv % this.#vocabSize);
  }

  /** The token sampled for each row that wants logits, in order. */
  run(batch: Batch): TokenId[] {
    validateBatch(batch, this.#blockTokens);
    this.#copy(this.#cells, batch.copies);
    this.#copy(this.#windowCells, batch.windowCopies ?? []);
    const sampled: TokenId[] = [];
    const states = batch.sequences.map(({ states: { from } = NO_STATES }) =>
      from === undefined ? START : (this.#states[from] ?? 0),
    );
    const numDone = batch.sequences.map(() => 0);
    for (const { sequence: index, token, tokenClass, position, wantLogits } of batch.rows) {
      const sequence = batch.sequences[index];
      if (sequence === undefined) throw new Error('a row without a sequence');
      const previous = position === 0 ? START : this.kvAt(sequence.blockTable, position - 1);
      const kv = nextKv(previous, this.#idOf(token), tokenClass);
      if (sequence.states !== undefined) {
        if (states[index] !== previous) throw new Error(`a wrong state before position ${String(position)}`);
        states[index] = kv;
        const slot = sequence.states.to[numDone[index] ?? 0];
        if (slot !== undefined) this.#states[slot] = kv;
        numDone[index] = (numDone[index] ?? 0) + 1;
      }
      this.#cells[this.#cellOf(sequence.blockTable, position)] = kv;
      if (sequence.windowTable !== undefined) this.#seeWindow(sequence, sequence.windowTable, position, kv);
      if (wantLogits) sampled.push(this.sample(kv));
    }
    this.#drawn = sampled;
    return sampled;
  }

  kvAt(blockTable: BatchSequence['blockTable'], position: number): number {
    return this.#cells[this.#cellOf(blockTable, position)] ?? 0;
  }

  #copy(cells: Uint32Array, copies: readonly CopyBlock[]): void {
    const sources = copies.map(({ from, numTokens }) => {
      const start = from * this.#blockTokens;
      return cells.slice(start, start + numTokens);
    });
    for (const [index, { to }] of copies.entries()) {
      const start = to * this.#blockTokens;
      cells.fill(0, start, start + this.#blockTokens).set(sources[index] ?? [], start);
    }
  }

  /** Writes what a row leaves, and reads all that it may see. */
  #seeWindow({ blockTable }: BatchSequence, windowTable: readonly BlockId[], position: number, kv: number): void {
    this.#windowCells[this.#cellOf(windowTable, position)] = kv;
    for (let at = Math.max(0, position + 1 - this.#window); at <= position; at++) {
      if (this.#windowCells[this.#cellOf(windowTable, at)] === this.kvAt(blockTable, at)) continue;
      throw new Error(`position ${String(position)} sees something else at ${String(at)}`);
    }
  }

  /** What a session keeps of a prefix: the KV of its tokens; those that have left their windows are not there. */
  save({ numTokens, blocks, windowBlocks, state }: PrefixPlaces): SavedKv {
    const cellsIn = (cells: Uint32Array, places: readonly (BlockId | undefined)[]) =>
      Array.from({ length: numTokens }, (_, at) => {
        const block = places[Math.floor(at / this.#blockTokens)];
        return block === undefined ? undefined : cells[block * this.#blockTokens + (at % this.#blockTokens)];
      });
    return {
      kv: cellsIn(this.#cells, blocks),
      windowKv: windowBlocks && cellsIn(this.#windowCells, windowBlocks),
      state: state === undefined ? undefined : this.#states[state],
    };
  }

  /** Writes a session to the places that it is given. */
  restore({ numTokens, blocks, windowBlocks = [], state }: PrefixPlaces, saved: SavedKv): void {
    const write = (
      cells: Uint32Array,
      places: readonly (BlockId | undefined)[],
      kv: readonly (number | undefined)[],
    ) => {
      for (const [index, block] of places.entries()) {
        if (block === undefined) continue;
        for (let slot = 0; slot < this.#blockTokens; slot++) {
          const at = index * this.#blockTokens + slot;
          cells[block * this.#blockTokens + slot] = at < numTokens ? (kv[at] ?? 0) : 0;
        }
      }
    };
    write(this.#cells, blocks, saved.kv);
    write(this.#windowCells, windowBlocks, saved.windowKv ?? []);
    if (state !== undefined) this.#states[state] = saved.state ?? 0;
  }

  /** A lost device. */
  wipe(): void {
    this.#windowCells.fill(0);
    this.#cells.fill(0);
    this.#states.fill(0);
  }

  #idOf(token: TokenId | PendingToken): TokenId {
    const id = typeof token === 'number' ? token : this.#drawn[token.logitRow];
    if (id === undefined) throw new Error('a token is pending that the run before did not draw');
    return id;
  }

  #cellOf(blockTable: BatchSequence['blockTable'], position: number): number {
    const block = blockTable[Math.floor(position / this.#blockTokens)];
    if (block === undefined) throw new Error(`position ${String(position)} has no block`);
    return block * this.#blockTokens + (position % this.#blockTokens);
  }
}

export interface TestRig {
  readonly blocks: BlockManager;
  readonly tree: PrefixTree;
  readonly scheduler: Scheduler;
  readonly forward: FakeForward;
  /** One step, run and committed. */
  readonly step: (propose?: ProposeDraft) => ScheduledStep;
  /** Steps until `id` has `numGenerated` tokens, then finishes it; returns all of its tokens. */
  readonly generate: (id: SequenceId, numGenerated: number) => readonly TokenId[];
}

/** A host that runs each step at once and reads what it drew up to `maxLate` steps later. */
export class LateHost {
  readonly #rig: TestRig;
  readonly #maxLate: number;
  readonly #unread: { readonly step: ScheduledStep; readonly sampled: readonly TokenId[] }[] = [];

  /** The rig's `maxStepsInFlight` must be more than `maxLate`. */
  constructor(rig: TestRig, maxLate: number) {
    this.#rig = rig;
    this.#maxLate = maxLate;
  }

  /** One step, run; the oldest results are read, all of them where there was nothing to run. */
  step(): ScheduledStep {
    const step = this.#rig.scheduler.step();
    const isEmpty = step.batch.rows.length === 0;
    if (!isEmpty) this.#unread.push({ step, sampled: this.#rig.forward.run(step.batch) });
    this.read(isEmpty ? 0 : this.#maxLate);
    this.#rig.scheduler.checkInvariants();
    return step;
  }

  /** Until at most so many steps are unread. */
  read(numLeft: number): void {
    while (this.#unread.length > numLeft) {
      const oldest = this.#unread.shift();
      if (oldest !== undefined) this.#rig.scheduler.commit(oldest.step, oldest.sampled);
    }
  }

  /** Steps until `numGenerated` tokens of `id` are read, then finishes it; returns all of its tokens. */
  generate(id: SequenceId, numGenerated: number): readonly TokenId[] {
    const { scheduler } = this.#rig;
    for (let left = 10_000; scheduler.get(id).numGeneratedTokens < numGenerated; left--) {
      if (left === 0) throw new Error(`sequence ${String(id)} does not get on`);
      this.step();
    }
    return scheduler.finish(id, 'stop').tokens;
  }
}

const ROOMY: SchedulerLimits = { contextLength: 4096, maxRowsPerStep: 64, prefillChunkTokens: 64, maxLogitRows: 8 };

export interface RigOptions extends Partial<SchedulerLimits> {
  readonly numBlocks?: number;
  readonly vocabSize?: number;
  /** Slots for recurrent states; default: the model has none. */
  readonly numSlots?: number;
  /** Of layers with windows, and blocks of their own pool; default: the model has none. */
  readonly window?: number;
  readonly numWindowBlocks?: number;
}

export function makeRig(options: RigOptions = {}): TestRig {
  const { numBlocks = 64, vocabSize = 1000, numSlots, window, numWindowBlocks, ...limits } = options;
  const blocks = new BlockManager(numBlocks, 16);
  const tree = new PrefixTree(blocks);
  const hasWindows = window !== undefined && numWindowBlocks !== undefined;
  const scheduler = new Scheduler(
    blocks,
    tree,
    new ConversationLog(16, 4096),
    { ...ROOMY, ...limits },
    {
      ...(numSlots === undefined ? {} : { states: new RecurrentStates(numSlots) }),
      ...(hasWindows ? { windows: new WindowBlocks(numWindowBlocks, window, blocks) } : {}),
    },
  );
  const forward = new FakeForward(blocks, vocabSize, numSlots, hasWindows ? { numWindowBlocks, window } : {});
  const step = (propose?: ProposeDraft): ScheduledStep => {
    const scheduled = scheduler.step(propose);
    if (scheduled.batch.rows.length > 0) scheduler.commit(scheduled, forward.run(scheduled.batch));
    scheduler.checkInvariants();
    return scheduled;
  };
  const generate = (id: SequenceId, numGenerated: number): readonly TokenId[] => {
    for (let left = 10_000; scheduler.get(id).numGeneratedTokens < numGenerated; left--) {
      if (left === 0) throw new Error(`sequence ${String(id)} does not get on`);
      step();
    }
    return scheduler.finish(id, 'stop').tokens;
  };
  return { blocks, tree, scheduler, forward, step, generate };
}
