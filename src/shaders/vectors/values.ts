/** Seeded values, for the self-test on a visitor's device and for the kernel tests. It runs nothing. */
import { halfToNumber } from '../blocks/block-type.ts';

export type Random = () => number;

/** A seeded source of numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What an output holds before a kernel runs, so that a value it should not have written shows. */
export const UNTOUCHED = 12345.625;

export function wholeBelow(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** Sum of three uniforms, about normal, at most 3 * scale. */
export function signed(random: Random, scale = 1): number {
  return 2 * scale * (random() + random() + random() - 1.5);
}

export function randomFloats(random: Random, length: number, scale = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, () => signed(random, scale));
}

/** Bits of a finite half; every eighth is subnormal. `maxExponent` bounds it by 2^(maxExponent - 14). */
export function randomHalfBits(random: Random, maxExponent = 30): number {
  const exponent = random() < 0.125 ? 0 : wholeBelow(random, maxExponent) + 1;
  return (random() < 0.5 ? 0x8000 : 0) | (exponent << 10) | wholeBelow(random, 1024);
}

/** A half near `value` (positive, normal, truncated). */
export function halfBitsNear(value: number): number {
  const exponent = Math.floor(Math.log2(value));
  return ((exponent + 15) << 10) | Math.floor((value / 2 ** exponent - 1) * 1024);
}

/** Halves of about `scale`, as bits and as the numbers they are; an odd last one is dropped from neither. */
export function randomHalves(
  random: Random,
  length: number,
  scale = 1,
): { bits: Uint16Array<ArrayBuffer>; values: Float32Array<ArrayBuffer> } {
  const bits = new Uint16Array(length);
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const x = signed(random, scale);
    const magnitude = Math.max(Math.abs(x), 2 ** -14);
    bits[i] = (x < 0 ? 0x8000 : 0) | halfBitsNear(magnitude);
    values[i] = halfToNumber(bits[i] ?? 0);
  }
  return { bits, values };
}

/** The numbers 0 .. length - 1 in random order. */
export function shuffled(random: Random, length: number): number[] {
  const list = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = wholeBelow(random, i + 1);
    const [a = 0, b = 0] = [list[i], list[j]];
    list[i] = b;
    list[j] = a;
  }
  return list;
}
