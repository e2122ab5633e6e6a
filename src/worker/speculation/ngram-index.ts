/**
 * Where the last n tokens of a growing text occurred before. For each n a table of the latest occurrence of every n-gram,
 * found by a rolling hash and compared token by token: a match is exact, and the latest there is. Memory is bounded: when
 * the text is full, its older half is forgotten. Knows nothing of what a match is good for.
 */
import { LinnetError } from '../errors.ts';
import type { TokenId } from '../tokens.ts';

export interface NgramMatch {
  readonly n: number;
  /** Index of the token that followed the earlier occurrence. */
  readonly next: number;
}

const HASH_BASE = 0x9e3779b1; // odd
const FIRST_CAPACITY = 256;

export class NgramIndex {
  readonly #sizes: readonly number[]; // longest first
  readonly #powers: readonly number[]; // HASH_BASE ** n mod 2^32, parallel to `sizes`
  readonly #maxTokens: number;
  #tokens: TokenId[] = [];
  #capacity = 0;
  #hashes = new Uint32Array(0); // [capacity + 1] of the first i tokens
  /** For each n, open addressing: index behind an n-gram's latest occurrence that something follows; 0 for none. */
  #tables: readonly Uint32Array[] = []; // [sizes][2 * capacity]

  /**
   * @param sizes The n of the n-grams, all different. @param maxTokens Most tokens that are kept; each takes some 12 bytes
   * and 8 more per n. @throws LinnetError `Internal`
   */
  constructor(sizes: readonly number[], maxTokens: number) {
    this.#sizes = [...sizes].sort((one, other) => other - one);
    const [longest = 0] = this.#sizes;
    if (!this.#sizes.every((n) => Number.isSafeInteger(n) && n > 0) || longest === 0 || maxTokens < 2 * longest) {
      throw new LinnetError('Internal', 'N-grams need sizes, and room for two of the longest.');
    }
    this.#powers = this.#sizes.map((n) => power(HASH_BASE, n));
    this.#maxTokens = maxTokens;
    this.#allocate(Math.min(FIRST_CAPACITY, maxTokens));
  }

  /** Tokens that are kept. Indices change when the older half is forgotten, which only `push` does. */
  get length(): number {
    return this.#tokens.length;
  }

  at(index: number): TokenId | undefined {
    return this.#tokens[index];
  }

  push(token: TokenId): void {
    if (this.#tokens.length === this.#capacity) this.#makeRoom();
    this.#append(token);
  }

  /** The latest earlier occurrence of the longest n-gram at the text's end that has one. */
  match(): NgramMatch | undefined {
    for (let s = 0; s < this.#sizes.length; s++) {
      const n = this.#sizes[s] ?? 0;
      const table = this.#tables[s];
      if (n > this.length || table === undefined) continue;
      const next = table[this.#slotOf(s, this.length)] ?? 0;
      if (next > 0) return { n, next };
    }
    return undefined;
  }

  /** Now that something follows them, the n-grams at the end can be found. */
  #append(token: TokenId): void {
    const end = this.length;
    for (let s = 0; s < this.#sizes.length; s++) {
      const table = this.#tables[s];
      if (table !== undefined && end >= (this.#sizes[s] ?? Infinity)) table[this.#slotOf(s, end)] = end;
    }
    this.#hashes[end + 1] = (Math.imul(this.#hashes[end] ?? 0, HASH_BASE) + token + 1) >>> 0;
    this.#tokens.push(token);
  }

  /** The slot that holds the n-gram before `end`, or the free one where it belongs. At most half of all slots are taken. */
  #slotOf(s: number, end: number): number {
    const n = this.#sizes[s] ?? 0;
    const table = this.#tables[s] ?? new Uint32Array(1);
    const before = Math.imul(this.#hashes[end - n] ?? 0, this.#powers[s] ?? 0);
    let slot = mixed((this.#hashes[end] ?? 0) - before) % table.length;
    for (let other = table[slot] ?? 0; other !== 0; other = table[slot] ?? 0) {
      if (this.#isSame(other, end, n)) break;
      slot = slot + 1 === table.length ? 0 : slot + 1;
    }
    return slot;
  }

  #isSame(oneEnd: number, otherEnd: number, n: number): boolean {
    for (let back = 1; back <= n; back++) {
      if (this.#tokens[oneEnd - back] !== this.#tokens[otherEnd - back]) return false;
    }
    return true;
  }

  #makeRoom(): void {
    const isFull = this.#capacity === this.#maxTokens;
    const kept = isFull ? this.#tokens.slice(this.length >> 1) : this.#tokens;
    this.#tokens = [];
    this.#allocate(isFull ? this.#capacity : Math.min(2 * this.#capacity, this.#maxTokens));
    for (const token of kept) this.#append(token);
  }

  #allocate(capacity: number): void {
    this.#capacity = capacity;
    this.#hashes = new Uint32Array(capacity + 1);
    this.#tables = this.#sizes.map(() => new Uint32Array(2 * capacity));
  }
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = Math.imul(result, base);
  return result >>> 0;
}

/** The finaliser of MurmurHash3: every bit of the sum decides about the slot. */
function mixed(hash: number): number {
  let bits = hash >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
