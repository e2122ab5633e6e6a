/** Limits from rates, by hand. */
import { expect, it } from 'vitest';
import type { DeviceRates } from '../../worker/api.ts';
import { bandwidth, speedLimits, typesOf } from './limits.ts';

const RATES: DeviceRates = {
  bytesPerSecond: { copyCommand: 80, copyKernel: 100, readKernel: 60 },
  flopsPerSecond: 6000,
  int8OpsPerSecond: undefined,
  dequantDotPerSecond: { Q4_0: 1000, Q6_K: 500 },
  measuringMs: 1,
};
const MULTIPLIED = { layers: { Q4_0: 20, Q6_K: 5 }, head: { Q6_K: 10 } };

it('decoding is limited by the lesser of reading and dequantising', () => {
  const limits = speedLimits(RATES, MULTIPLIED, { bytesPerToken: 10, numPrompt: 1 });
  expect(limits.decodeByBandwidth).toBe(10);
  expect(limits.decodeByDequantDot).toBeCloseTo(1 / (20 / 1000 + 15 / 500));
  expect(limits.decode).toBe(10);
  const light = speedLimits(RATES, MULTIPLIED, { bytesPerToken: 1, numPrompt: 1 });
  expect(light.decode).toBe(light.decodeByDequantDot);
});

it('a prompt needs the head once', () => {
  const { prefill } = speedLimits(RATES, MULTIPLIED, { bytesPerToken: 1, numPrompt: 4 });
  expect(prefill).toBeCloseTo(4 / ((2 * (4 * 25 + 10)) / 6000));
});

it('a type without a rate leaves the bandwidth alone', () => {
  const limits = speedLimits(RATES, { layers: { F16: 5 }, head: { Q4_0: 1 } }, { bytesPerToken: 10, numPrompt: 1 });
  expect(limits.decodeByDequantDot).toBeUndefined();
  expect(limits.decode).toBe(limits.decodeByBandwidth);
});

it('memory is as fast as the fastest way to use it', () => {
  expect(bandwidth(RATES)).toBe(100);
  expect(typesOf(MULTIPLIED)).toEqual(['Q4_0', 'Q6_K']);
});
