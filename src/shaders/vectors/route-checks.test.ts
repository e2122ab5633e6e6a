/** The keys that the check of routing compares: no device that rounds as WGSL allows may order them otherwise. */
import { expect, it } from 'vitest';
import { routeVectors } from './route-checks.ts';
import { EPS32 } from './tolerance.ts';

it('lie further apart than their scores may be off', () => {
  const vectors = routeVectors();
  const margins = vectors.flatMap(({ routed, ulps }) => routed.map(({ margin }) => margin / (EPS32 * ulps)));
  expect(margins.length).toBeGreaterThan(40);
  expect(margins.filter((margin) => margin < Infinity).length).toBeGreaterThan(10);
  expect(Math.min(...margins)).toBeGreaterThan(2);
});
