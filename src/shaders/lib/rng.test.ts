/** The known answers of Philox 4x32-10 that its authors publish with the Random123 library (kat_vectors). */
import { expect, test } from 'vitest';
import { exponential, philox, type Words4 } from './rng.ref.ts';

const KNOWN: readonly (readonly [Words4, readonly [number, number], Words4])[] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

test('philox gives the published words', () => {
  for (const [counter, key, words] of KNOWN) expect(philox(counter, key)).toEqual(words);
});

test('the exponential keeps its relative accuracy at both ends', () => {
  expect(exponential(0) * 2 ** 33).toBeCloseTo(1, 9);
  expect(exponential(0xffffffff)).toBeCloseTo(33 * Math.LN2, 6);
});
