/**
 * A set of byte strings with a number each, walked a byte at a time: what RWKV and Unigram vocabularies need to find the
 * tokens that start at a place in a text. It knows no tokens. An open-addressing hash table over (node, byte) pairs in
 * typed arrays, so that a vocabulary of 250 000 tokens costs some 20 MB and no objects.
 */

const EMPTY = 0xffffffff; // no key: node numbers stay below 2^24 - 1
const MAX_NODES = 2 ** 24 - 1;
const INITIAL_CAPACITY = 1 << 12;

export class ByteTrie {
  #capacity = INITIAL_CAPACITY; // a power of two
  #keys = new Uint32Array(INITIAL_CAPACITY).fill(EMPTY); // [capacity] node * 256 + byte
  #children = new Uint32Array(INITIAL_CAPACITY); // [capacity]
  #values = new Int32Array(INITIAL_CAPACITY).fill(-1); // [at least numNodes] -1: no string ends here
  #numNodes = 1; // 0 is the root

  /** `value` must not be negative. The last value of equal strings wins. */
  insert(bytes: Uint8Array, value: number): void {
    let node = 0;
    for (const byte of bytes) node = this.#childOrNew(node, byte);
    this.#values[node] = value;
  }

  /** Calls `found` for every string that `bytes` has at `from`, shortest first, with the place after it. */
  match(bytes: Uint8Array, from: number, found: (value: number, end: number) => void): void {
    let node = 0;
    for (let at = from; at < bytes.length; at++) {
      const child = this.#child(node, bytes[at] ?? 0);
      if (child === 0) return;
      node = child;
      const value = this.#values[node] ?? -1;
      if (value >= 0) found(value, at + 1);
    }
  }

  /** The node below `node`, or 0: the root is below none. */
  #child(node: number, byte: number): number {
    const slot = this.#slotOf(node * 256 + byte);
    return this.#keys[slot] === EMPTY ? 0 : (this.#children[slot] ?? 0);
  }

  #childOrNew(node: number, byte: number): number {
    const child = this.#child(node, byte);
    if (child !== 0) return child;
    if (this.#numNodes >= MAX_NODES) throw new RangeError('the vocabulary is too large for a trie');
    if (2 * (this.#numNodes + 1) > this.#capacity) this.#grow();
    const added = this.#numNodes++;
    const slot = this.#slotOf(node * 256 + byte);
    this.#keys[slot] = node * 256 + byte;
    this.#children[slot] = added;
    return added;
  }

  /** Where `key` stands, or the empty slot where it would. At least half of the slots are empty. */
  #slotOf(key: number): number {
    const mask = this.#capacity - 1;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
    while (this.#keys[slot] !== EMPTY && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, children, values] = [this.#keys, this.#children, this.#values];
    this.#capacity *= 2;
    this.#keys = new Uint32Array(this.#capacity).fill(EMPTY);
    this.#children = new Uint32Array(this.#capacity);
    this.#values = new Int32Array(this.#capacity).fill(-1);
    this.#values.set(values.subarray(0, this.#numNodes));
    for (const [from, key] of keys.entries()) {
      if (key === EMPTY) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#children[slot] = children[from] ?? 0;
    }
  }
}
