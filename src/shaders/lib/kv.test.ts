/** Bytes of the cache by layout, and the oracle's quantisers on values whose rounding is known. */
import { describe, expect, it } from 'vitest';
import { halfToNumber } from '../blocks/block-type.ts';
import { kvSlotBytes, hadamardElements } from './kv.ts';
import { dequantiseRef, numberToHalf, quantiseRef, readSlot, slotAt, writeSlot } from './kv.ref.ts';

describe('bytes of a slot', () => {
  it.each([
    [64, 256, 128, 68, 36],
    [128, 512, 256, 136, 72],
    [256, 1024, 512, 272, 144],
    // Three scales, five scales of 16 elements, one scale of 8: the scales of a slot are whole words.
    [96, 384, 192, 104, 56],
    [80, 320, 160, 92, 52],
    [8, 32, 16, 12, 8],
  ])('heads of %i', (headDim, f32, f16, q8, q4) => {
    expect([
      kvSlotBytes('f32', headDim),
      kvSlotBytes('f16', headDim),
      kvSlotBytes('q8_0', headDim),
      kvSlotBytes('q4_0', headDim),
    ]).toEqual([f32, f16, q8, q4]);
  });

  it.each([64, 128, 256])('of heads of %i are 34 and 18 for 32 elements, as in ggml', (headDim) => {
    expect(kvSlotBytes('q8_0', headDim)).toBe((headDim / 32) * 34);
    expect(kvSlotBytes('q4_0', headDim)).toBe((headDim / 32) * 18);
  });
});

it('the transform goes over the largest power of two that divides the head', () => {
  expect([64, 80, 96, 128, 256, 20].map(hadamardElements)).toEqual([64, 16, 32, 128, 256, 4]);
});

describe('the reference quantisers', () => {
  it('q8_0 rounds halves away from zero', () => {
    const { scaleBits, quants } = quantiseRef('q8_0', [127, 0.5, -0.5, 1.5, -2.5, 0.49, 0, -127]);
    expect(halfToNumber(scaleBits)).toBe(1);
    expect(quants).toEqual([127, 1, -1, 2, -3, 0, 0, -127]);
  });

  it('q4_0 makes the largest value -8, the first of equals, and clamps its opposite', () => {
    const quantised = quantiseRef('q4_0', [8, -8, 7, 0.5, -0.5, 0.49, -4, 0]);
    expect(halfToNumber(quantised.scaleBits)).toBe(-1);
    expect(dequantiseRef('q4_0', quantised)).toEqual([8, -7, 7, -0, -1, -0, -4, -0]);
  });

  it('halves are nearest, ties to even, subnormal and saturated', () => {
    const numbers = [0, 1, -1.5, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -24, 3 * 2 ** -25, 2 ** -14, 65504, 1e9];
    const expected = [0, 1, -1.5, 1, 1 + 2 ** -9, 2 ** -24, 2 ** -23, 2 ** -14, 65504, 65504];
    expect(numbers.map((x) => halfToNumber(numberToHalf(x)))).toEqual(expected);
  });

  it.each(['q8_0', 'q4_0'] as const)('a slot of %s holds what was written', (layout) => {
    const groups = [0, 1, 2].map((s) => ({
      scaleBits: 0x3c00 + s,
      quants: Array.from({ length: 32 }, (_, i) => (layout === 'q8_0' ? ((i * 37 + s) % 255) - 127 : (i * 7 + s) % 16)),
    }));
    const words = new Uint32Array(400);
    writeSlot(layout, words, slotAt(layout, 96, 4, 1, 2), groups);
    expect(readSlot(layout, words, slotAt(layout, 96, 4, 1, 2), 96)).toEqual(groups);
    expect(readSlot(layout, words, slotAt(layout, 96, 4, 1, 1), 96)[0]?.scaleBits).toBe(0);
  });
});
