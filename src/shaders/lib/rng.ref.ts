/**
 * CPU twin of rng.wgsl: Philox 4x32-10 bit for bit, and the exponential and Gumbel draws in f64.
 * It knows nothing of sampling.
 */

export type Words4 = readonly [number, number, number, number];

const MULTIPLIERS = [0xd2511f53n, 0xcd9e8d57n] as const;
const KEY_STEPS = [0x9e3779b9, 0xbb67ae85] as const;

/** Four random 32-bit words as a pure function of `counter` (four u32) and `key` (two u32). */
export function philox(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const product0 = MULTIPLIERS[0] * BigInt(c0);
    const product1 = MULTIPLIERS[1] * BigInt(c2);
    const next: Words4 = [
      (Number(product1 >> 32n) ^ c1 ^ k0) >>> 0,
      Number(product1 & 0xffffffffn),
      (Number(product0 >> 32n) ^ c3 ^ k1) >>> 0,
      Number(product0 & 0xffffffffn),
    ];
    [c0, c1, c2, c3] = next;
    k0 = (k0 + KEY_STEPS[0]) >>> 0;
    k1 = (k1 + KEY_STEPS[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The random word of one candidate: keyed by (seed, position, token) and nothing else. */
export function tokenBits(seed: number, position: number, token: number): number {
  return philox([token, position, 0, 0], [seed, 0])[0];
}

/** Exp(1) from 32 random bits. */
export function exponential(bits: number): number {
  return -Math.log1p(-(bits + 0.5) / 2 ** 32);
}

/** Standard Gumbel from 32 random bits. */
export function gumbel(bits: number): number {
  return -Math.log(exponential(bits));
}
