/**
 * Recurrent states of past and present sequences, found by their tokens: what the prefix tree is for keys and values. A state is
 * of one length: it cannot be cut as a cached prefix can, so it is kept at the ends of turns, before the last token of a prompt,
 * and now and then within a long one. Holds a reference on each slot; the one used longest ago makes room.
 */
import type { StateSlot, TokenClass, TokenId } from '../tokens.ts';
import type { StateSlots } from './state-slots.ts';

/** The state behind the first `numTokens` tokens of a sequence, in `slot`. */
export interface StateAt {
  readonly numTokens: number;
  readonly slot: StateSlot;
}

/** The tokens of a sequence, and the classes they are computed with. */
export interface ClassedTokens {
  readonly tokens: readonly TokenId[];
  readonly classes: readonly TokenClass[];
}

interface Snapshot extends StateAt {
  readonly tokens: Uint32Array;
  readonly generated: Uint8Array; // 1 for class `generated`
}

export class Snapshots {
  readonly #slots: StateSlots;
  readonly #maxSnapshots: number;
  #kept: Snapshot[] = []; // the one used longest ago first

  constructor(slots: StateSlots, maxSnapshots: number) {
    this.#slots = slots;
    this.#maxSnapshots = maxSnapshots;
  }

  /** Every slot held, once each. */
  get slots(): readonly StateSlot[] {
    return this.#kept.map(({ slot }) => slot);
  }

  /** Keeps a state, unless one of the same tokens is kept already. */
  keep({ tokens, classes }: ClassedTokens, { numTokens, slot }: StateAt): void {
    const known = this.#kept.find((snapshot) => snapshot.numTokens === numTokens && agrees(snapshot, tokens, classes));
    if (known !== undefined) {
      this.#touch(known);
      return;
    }
    this.#slots.retain(slot);
    const generated = classes.slice(0, numTokens).map((tokenClass) => Number(tokenClass === 'generated'));
    this.#kept.push({
      numTokens,
      slot,
      tokens: Uint32Array.from(tokens.slice(0, numTokens)),
      generated: Uint8Array.from(generated),
    });
    while (this.#kept.length > this.#maxSnapshots) this.evict();
  }

  /** The state of the longest prefix, of at most `maxTokens` tokens; not retained: the caller does it at once. */
  find({ tokens, classes }: ClassedTokens, maxTokens: number): StateAt | undefined {
    let best: Snapshot | undefined;
    for (const snapshot of this.#kept) {
      const { numTokens } = snapshot;
      if (numTokens > maxTokens || numTokens <= (best?.numTokens ?? 0)) continue;
      if (agrees(snapshot, tokens, classes)) best = snapshot;
    }
    if (best !== undefined) this.#touch(best);
    return best && { numTokens: best.numTokens, slot: best.slot };
  }

  /** Lets go of the one used longest ago; false when there is none. */
  evict(): boolean {
    const oldest = this.#kept.shift();
    if (oldest === undefined) return false;
    this.#slots.release(oldest.slot);
    return true;
  }

  clear(): void {
    while (this.evict());
  }

  #touch(snapshot: Snapshot): void {
    this.#kept = [...this.#kept.filter((other) => other !== snapshot), snapshot];
  }
}

/** Whether the snapshot is of the first tokens, in id and in class. */
function agrees(snapshot: Snapshot, tokens: readonly TokenId[], classes: readonly TokenClass[]): boolean {
  if (snapshot.numTokens > tokens.length) return false;
  for (let index = 0; index < snapshot.numTokens; index++) {
    if (snapshot.tokens[index] !== tokens[index]) return false;
    if (snapshot.generated[index] !== Number(classes[index] === 'generated')) return false;
  }
  return true;
}
