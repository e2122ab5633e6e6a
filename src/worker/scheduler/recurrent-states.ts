/**
 * Which slot holds the recurrent state of which sequence, and where a step writes what it becomes. A state is written in place
 * where nobody else holds its slot, else to a fresh one, so that a fork or a snapshot costs no copy. Steps run in the order they
 * are scheduled in, so a state counts as written once its step is scheduled, and a slot may be given up and taken again while a
 * step on its way still uses it. What may still turn out not to count is written to slots of its own: behind rows that verify
 * guesses every row has one, and a step behind tokens that are not known yet leaves the state that it starts from.
 * Where a state that is needed is gone, the sequence goes back to the longest snapshot.
 * Knows no blocks, no GPU and no policy of scheduling.
 */
import { LinnetError } from '../errors.ts';
import type { SequenceId, StateSlot } from '../tokens.ts';
import type { BatchStates } from './batch.ts';
import type { Sequence } from './sequence.ts';
import { Snapshots, type ClassedTokens, type StateAt } from './snapshots.ts';
import { StateSlots } from './state-slots.ts';

/** A sequence's place in a step: the states that its rows leave. */
interface Planned {
  /** For the state behind the last of its rows, those of guesses not counted; may be the slot it starts from. */
  last: StateSlot;
  /** Ascending; set once the rows are known. */
  written: readonly StateAt[];
  /** One of these, or the one it starts from, that is to be a snapshot. */
  checkpoint: StateAt | undefined;
}

/** Within a long prompt a state is kept at the end of a chunk that crosses a multiple of this. */
const SNAPSHOT_TOKENS = 512;

export class RecurrentStates {
  readonly #slots: StateSlots;
  readonly #snapshots: Snapshots;
  /** Ascending; the last is the state that the sequence goes on from, but for a sequence that verifies guesses. */
  readonly #held = new Map<SequenceId, StateAt[]>();
  /** Of texts that are no sequences. */
  readonly #lent = new Set<StateSlot>();
  /** Of the step being built. */
  readonly #planned = new Map<SequenceId, Planned>();

  /** @throws LinnetError `Internal` for fewer than two slots */
  constructor(numSlots: number) {
    this.#slots = new StateSlots(numSlots);
    this.#snapshots = new Snapshots(this.#slots, Math.floor(numSlots / 2));
  }

  /** Slots that are free without anything being forgotten. */
  get numFree(): number {
    return this.#slots.numFree;
  }

  /** Whether one more sequence could have a slot, snapshots making room. */
  get hasRoom(): boolean {
    return this.numFree > 0 || this.#snapshots.slots.some((slot) => this.#slots.refCount(slot) === 1);
  }

  holds(id: SequenceId): boolean {
    return this.#planned.has(id) || (this.#held.get(id) ?? []).length > 0;
  }

  /** How many of the first `maxTokens` tokens a sequence need not compute: the length of the longest snapshot. */
  longest(prefix: ClassedTokens, maxTokens: number): number {
    return this.#snapshots.find(prefix, maxTokens)?.numTokens ?? 0;
  }

  /**
   * A slot for what the sequence's state becomes in the step being built; false when there is none. A sequence with pending
   * tokens, whose step could wait, takes no snapshot's.
   */
  reserve(sequence: Sequence): boolean {
    const { id, numComputed, numPending } = sequence;
    const held = this.#held.get(id) ?? [];
    const from = held.at(-1);
    if ((from?.numTokens ?? 0) !== numComputed) throw new LinnetError('Internal', 'A sequence without its state.');
    const kept = held.filter((state) => state === from || isNeeded(state, sequence));
    for (const state of held) if (!kept.includes(state)) this.#slots.release(state.slot);
    this.#held.set(id, kept);
    const last = this.#inPlace(from, sequence) ?? (numPending > 0 ? this.#slots.allocate() : this.#allocate());
    if (last === undefined) return false;
    this.#planned.set(id, { last, written: [], checkpoint: undefined });
    return true;
  }

  /** The step has the sequence's next `numRows` rows. */
  place({ id, numComputed, numTokens, numGeneratedTokens, state }: Sequence, numRows: number): void {
    const planned = this.#plannedOf(id);
    const end = numComputed + numRows;
    // The last token of a prompt is computed again when the prompt comes again: the state before it is what is of use.
    if (state.kind === 'prefilling' && end === numTokens && numGeneratedTokens === 0) {
      if (numRows > 1) planned.checkpoint = this.#within(end - 1);
      else this.#leaveFrom(id, planned);
    }
    const within = planned.checkpoint;
    const isWritten = within !== undefined && within.numTokens > numComputed;
    planned.written = [...(isWritten ? [within] : []), { numTokens: end, slot: planned.last }];
  }

  /** And rows for `numDrafts` guesses behind them; there are `numFree` slots for these. */
  extend({ id }: Sequence, numDrafts: number): void {
    const planned = this.#plannedOf(id);
    const end = planned.written.at(-1)?.numTokens ?? 0;
    const drafted = Array.from({ length: numDrafts }, (_, index): StateAt => {
      const slot = this.#slots.allocate();
      if (slot === undefined) throw new LinnetError('Internal', 'More guesses than slots.');
      return { numTokens: end + 1 + index, slot };
    });
    planned.written = [...planned.written, ...drafted];
  }

  /** For the batch: `numRows` rows in all. */
  batchStates({ id, numComputed }: Sequence, numRows: number): BatchStates {
    const { written } = this.#plannedOf(id);
    const to = new Array<StateSlot | undefined>(numRows).fill(undefined);
    for (const { numTokens, slot } of written) to[numTokens - numComputed - 1] = slot;
    return { from: this.#held.get(id)?.at(-1)?.slot, to };
  }

  /** The sequence is not in the step after all. */
  cancel(id: SequenceId): void {
    const planned = this.#planned.get(id);
    if (planned === undefined) return;
    this.#planned.delete(id);
    const from = this.#held.get(id)?.at(-1)?.slot;
    for (const slot of slotsOf(planned)) if (slot !== from) this.#slots.release(slot);
  }

  /** The step with the sequence's rows is on its way. `sequence`: with these rows counted. */
  schedule(sequence: Sequence): void {
    const { id, numComputed, state } = sequence;
    const planned = this.#plannedOf(id);
    this.#planned.delete(id);
    const before = this.#held.get(id) ?? [];
    const start = before.at(-1)?.numTokens ?? 0;
    const crosses = Math.floor(numComputed / SNAPSHOT_TOKENS) > Math.floor(start / SNAPSHOT_TOKENS);
    const end = planned.written.at(-1);
    if (planned.checkpoint !== undefined) this.#snapshots.keep(sequence, planned.checkpoint);
    else if (state.kind === 'prefilling' && crosses && end !== undefined) this.#snapshots.keep(sequence, end);
    const overwritten = before.find(({ slot }) => slot === planned.last);
    const kept = before.filter((one) => one !== overwritten && isNeeded(one, sequence));
    for (const one of before) if (one !== overwritten && !kept.includes(one)) this.#slots.release(one.slot);
    this.#held.set(id, [...kept, ...planned.written]);
  }

  /** What the sequence got from a step is known; what guesses left behind the tokens that count is let go. */
  settle({ id, numComputed }: Sequence): void {
    const held = this.#held.get(id) ?? [];
    while ((held.at(-1)?.numTokens ?? 0) > numComputed) this.#slots.release(held.pop()?.slot ?? unheld());
  }

  /** What `longest` found becomes the state of a sequence that has none, and of whose tokens so many are computed. */
  attach(sequence: Sequence): void {
    this.#held.set(sequence.id, this.#nearest(sequence));
  }

  /**
   * The sequence was cut to fewer computed tokens, or what it drew is void. Returns how many of those it has the state of: all,
   * or as many as the longest snapshot.
   */
  rewind(sequence: Sequence): number {
    const { id, numComputed } = sequence;
    this.settle(sequence);
    const held = this.#held.get(id) ?? [];
    const numHeld = held.at(-1)?.numTokens ?? 0;
    if (numHeld === numComputed) return numComputed;
    const nearest = this.#nearest(sequence);
    const numNearest = nearest.at(-1)?.numTokens ?? 0;
    for (const { slot } of numNearest < numHeld ? nearest : held) this.#slots.release(slot);
    if (numNearest >= numHeld) this.#held.set(id, nearest);
    return Math.max(numNearest, numHeld);
  }

  /** A fork shares the state of its parent, or goes back to a snapshot. Returns how many tokens it has the state of. */
  fork(parent: SequenceId, child: Sequence): number {
    const shared = (this.#held.get(parent) ?? []).find(({ numTokens }) => numTokens === child.numComputed);
    if (shared === undefined) {
      this.attach(child);
    } else {
      this.#slots.retain(shared.slot);
      this.#held.set(child.id, [shared]);
    }
    return this.#held.get(child.id)?.at(-1)?.numTokens ?? 0;
  }

  /** The sequence lets go of its states; the last behind tokens that are known is kept while there is room. */
  leave(sequence: Sequence): void {
    const { id, numKnownComputed } = sequence;
    const held = this.#held.get(id) ?? [];
    const end = held.findLast(({ numTokens }) => numTokens <= numKnownComputed);
    if (end !== undefined) this.#snapshots.keep(sequence, end);
    for (const { slot } of held) this.#slots.release(slot);
    this.#held.delete(id);
  }

  /** The state behind all of the tokens, if it is kept; not retained. */
  find(prefix: ClassedTokens): StateSlot | undefined {
    const found = this.#snapshots.find(prefix, prefix.tokens.length);
    return found?.numTokens === prefix.tokens.length ? found.slot : undefined;
  }

  /**
   * A snapshot of what another run left behind all of the tokens: the slot that it is to be written to, before anything else
   * runs; undefined where it is there already. There must be room.
   */
  adopt(prefix: ClassedTokens): StateSlot | undefined {
    if (this.find(prefix) !== undefined) return undefined;
    const slot = this.#allocate();
    if (slot === undefined) throw new LinnetError('Internal', 'A state is adopted for which there is no slot.');
    this.#snapshots.keep(prefix, { numTokens: prefix.tokens.length, slot });
    this.#slots.release(slot);
    return slot;
  }

  /** A slot for the state of a text that is no sequence, snapshots making room; undefined where there is none. */
  lend(): StateSlot | undefined {
    const slot = this.#allocate();
    if (slot !== undefined) this.#lent.add(slot);
    return slot;
  }

  takeBack(slot: StateSlot): void {
    if (this.#lent.delete(slot)) this.#slots.release(slot);
  }

  /** The states are gone (a lost device). */
  clear(): void {
    for (const held of this.#held.values()) for (const { slot } of held) this.#slots.release(slot);
    this.#held.clear();
    this.#snapshots.clear();
  }

  /** Throws `Internal` when the bookkeeping does not add up. */
  checkInvariants(sequences: readonly Sequence[]): void {
    const held = [...this.#held.values()].flatMap((states) => states.map(({ slot }) => slot));
    this.#slots.checkInvariants([...held, ...this.#lent, ...this.#snapshots.slots]);
    if (this.#planned.size > 0) throw new LinnetError('Internal', 'A slot of a step that is not there.');
    for (const { id, numComputed, isRunning, isVerifying } of sequences) {
      const states = this.#held.get(id) ?? [];
      const expected = isRunning ? numComputed : 0;
      const last = (isVerifying ? states.find(({ numTokens }) => numTokens === expected) : states.at(-1))?.numTokens;
      if ((last ?? 0) === expected) continue;
      throw new LinnetError('Internal', `Sequence ${String(id)} has a state of ${String(last)} tokens.`);
    }
  }

  /** The slot of a state that nobody else holds and that is of no use once it has been read. */
  #inPlace(from: StateAt | undefined, sequence: Sequence): StateSlot | undefined {
    if (from === undefined || isNeeded(from, sequence) || this.#slots.refCount(from.slot) > 1) return undefined;
    return from.slot;
  }

  /** A slot, snapshots making room for it. */
  #allocate(): StateSlot | undefined {
    while (this.#slots.numFree === 0 && this.#snapshots.evict());
    return this.#slots.allocate();
  }

  /** A place for a state that is to be a snapshot; undefined where there is no slot. */
  #within(numTokens: number): StateAt | undefined {
    const slot = this.#allocate();
    return slot === undefined ? undefined : { numTokens, slot };
  }

  /** The state that the step starts from is to be a snapshot, so it is not overwritten; it is where there is no other slot. */
  #leaveFrom(id: SequenceId, planned: Planned): void {
    const from = this.#held.get(id)?.at(-1);
    if (from === undefined) return;
    if (planned.last === from.slot) {
      const fresh = this.#allocate();
      if (fresh === undefined) return;
      planned.last = fresh;
    }
    planned.checkpoint = from;
  }

  /** The longest snapshot of what the sequence has computed, retained. */
  #nearest(sequence: Sequence): StateAt[] {
    const snapshot = this.#snapshots.find(sequence, sequence.numComputed);
    if (snapshot === undefined) return [];
    this.#slots.retain(snapshot.slot);
    return [snapshot];
  }

  #plannedOf(id: SequenceId): Planned {
    const planned = this.#planned.get(id);
    if (planned === undefined) throw new LinnetError('Internal', `Sequence ${String(id)} has no slot in this step.`);
    return planned;
  }
}

function slotsOf({ last, written }: Planned): readonly StateSlot[] {
  return [...new Set([last, ...written.map(({ slot }) => slot)])];
}

/** Whether the sequence may have to go back to it: behind the last token that is known, or a later one, it may have to end. */
function isNeeded({ numTokens }: StateAt, { tokens }: Sequence): boolean {
  return numTokens >= tokens.length;
}

function unheld(): never {
  throw new LinnetError('Internal', 'A state is let go that nobody holds.');
}
