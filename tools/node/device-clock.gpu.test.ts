/** The device's clock counts its work and not the time that passes. */
import { describe, expect, it } from 'vitest';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import { Probes } from '../../src/worker/gpu/limits-probe/probes.ts';
import { openDawn } from './dawn.ts';
import { clockOf } from './device-clock.ts';
import { testAdapters, titleOf } from './test-devices.ts';

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined || process.platform !== 'linux')(titleOf(name, skipReason), () => {
    it('runs with the work, stands while nothing is done, and grows with more work', async () => {
      const gpu = await openAdapter((await openDawn({ adapter: name })).adapter);
      try {
        const nowMs = clockOf('device');
        const probe = await new Probes(gpu).fma();
        const cost = async (amount: number) => {
          let best = Infinity;
          for (let i = 0; i < 5; i++) {
            const startMs = nowMs();
            await probe.run(amount);
            best = Math.min(best, nowMs() - startMs);
          }
          return best;
        };
        await cost(20);
        const [small, large] = [await cost(100), await cost(800)];
        expect(large).toBeGreaterThan(4 * small);
        expect(large).toBeLessThan(16 * small);
        const startMs = nowMs();
        await new Promise((resolve) => setTimeout(resolve, 300));
        // Of 300 ms that passed.
        expect(nowMs() - startMs).toBeLessThan(100);
      } finally {
        gpu.destroy();
      }
    });
  });
}
