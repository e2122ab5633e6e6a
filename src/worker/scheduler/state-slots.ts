/**
 * The pool of slots for recurrent states (P4): reference counts and a free list. Knows slot numbers only: not whose state a
 * slot holds, nor of how many tokens. Deterministic: the same calls give the same slots.
 */
import { LinnetError } from '../errors.ts';
import { stateSlot, type StateSlot } from '../tokens.ts';

export class StateSlots {
  readonly numSlots: number;
  readonly #refs: Uint32Array; // [numSlots]
  readonly #free: StateSlot[]; // a stack

  /** @throws LinnetError `Internal` for fewer than two: a state that is kept is never written. */
  constructor(numSlots: number) {
    if (!Number.isSafeInteger(numSlots) || numSlots < 2) {
      throw new LinnetError('Internal', 'A pool of states needs at least two slots.');
    }
    this.numSlots = numSlots;
    this.#refs = new Uint32Array(numSlots);
    this.#free = Array.from({ length: numSlots }, (_, index) => stateSlot(numSlots - 1 - index));
  }

  get numFree(): number {
    return this.#free.length;
  }

  refCount(slot: StateSlot): number {
    return this.#refs[slot] ?? 0;
  }

  /** A slot with one reference, or undefined when none is free. */
  allocate(): StateSlot | undefined {
    const slot = this.#free.pop();
    if (slot !== undefined) this.#refs[slot] = 1;
    return slot;
  }

  retain(slot: StateSlot): void {
    this.#refs[slot] = this.#inUse(slot) + 1;
  }

  release(slot: StateSlot): void {
    const refs = this.#inUse(slot) - 1;
    this.#refs[slot] = refs;
    if (refs === 0) this.#free.push(slot);
  }

  /** Throws `Internal` unless `holders`, with repetitions, are exactly the references counted, and all others are free. */
  checkInvariants(holders: Iterable<StateSlot>): void {
    const counted = new Uint32Array(this.numSlots);
    for (const slot of holders) counted[slot] = (counted[slot] ?? 0) + 1;
    const free = new Set(this.#free);
    for (const [index, refs] of this.#refs.entries()) {
      if (refs === counted[index] && (refs === 0) === free.has(stateSlot(index))) continue;
      const held = String(counted[index]);
      throw new LinnetError('Internal', `Slot ${String(index)} counts ${String(refs)} references, ${held} are held.`);
    }
  }

  #inUse(slot: StateSlot): number {
    const refs = this.refCount(slot);
    if (refs === 0) throw new LinnetError('Internal', `State slot ${String(slot)} is not in use.`);
    return refs;
  }
}
