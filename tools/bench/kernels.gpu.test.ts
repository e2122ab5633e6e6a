/** The kernels' benchmark runs, and no kernel beats its limit. */
import { describe, expect, it } from 'vitest';
import { testAdapters, titleOf } from '../node/test-devices.ts';
import { runKernelBench } from './measure-kernels.ts';

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    it.for(['exact', 'int8'] as const)(
      '%s, a small weight: every rate is there and within its limit',
      async (precision) => {
        const { kernels, rates } = await runKernelBench({
          adapter: name,
          withoutFeatures: [],
          variants: {},
          numOut: 128,
          width: 512,
          numPrompt: 4,
          numRounds: 2,
          precision,
          clock: process.platform === 'linux' ? 'device' : 'wall',
          types: ['Q4_0', 'Q8_0'],
          memoryBytes: 2 ** 20,
        });
        expect(kernels.map(({ type }) => type)).toEqual(['Q4_0', 'Q8_0']);
        for (const { gemv, fromRegisters, byUnits = 0, gemm, gemvBytes } of kernels) {
          expect(gemv).toBeGreaterThan(0);
          expect(gemv).toBeLessThan(Math.max(fromRegisters, byUnits));
          expect(gemvBytes / gemv).toBeGreaterThan(0.5);
          expect(gemm).toBeGreaterThan(0);
          expect(gemm).toBeLessThan(precision === 'int8' ? (rates.int8OpsPerSecond ?? NaN) : rates.flopsPerSecond);
        }
      },
    );
  });
}
