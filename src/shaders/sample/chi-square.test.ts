/** Critical values from the usual printed tables of the chi-square distribution. */
import { expect, it } from 'vitest';
import { chiSquareP, upperGamma } from './chi-square.ts';

it.each([
  [1, 3.841, 0.05],
  [10, 18.307, 0.05],
  [10, 23.209, 0.01],
  [100, 124.342, 0.05],
  [5, 1.145, 0.95],
])('has the table’s value for %i degrees of freedom at %f', (degrees, statistic, p) => {
  expect(upperGamma(degrees / 2, statistic / 2)).toBeCloseTo(p, 4);
});

it('rejects what is wrong and accepts what is right', () => {
  expect(chiSquareP([250, 250, 500], [0.25, 0.25, 0.5])).toBe(1);
  expect(chiSquareP([300, 200, 500], [0.25, 0.25, 0.5])).toBeLessThan(1e-4);
  expect(chiSquareP([500, 499, 1], [0.5, 0.5, 0])).toBe(0);
});
