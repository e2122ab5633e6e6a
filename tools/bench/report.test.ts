/** From repetitions to a report. */
import { expect, it } from 'vitest';
import { formatDevice, shareOf, summarise } from './report.ts';

const NOTHING = {
  numSteps: 0,
  numDispatches: 0,
  numSubmits: 0,
  numPromptRows: 0,
  numGeneratedRows: 0,
  numWaits: 0,
  weightBytesRead: 0,
  kvBytesRead: 0,
  numBuffersCreated: 0,
  numBindGroupsCreated: 0,
  bufferBytes: 0,
  peakBufferBytes: 0,
};

it('rates come from whole phases, counters from generated tokens alone', () => {
  const facts = { command: '', adapter: '', model: '', variants: '', clock: 'wall' as const, loadMs: 0, sourceMs: 0 };
  const report = summarise(
    { ...facts, workload: { numPrompt: 50, numGenerate: 2, kvFill: 0, lateSteps: 1, computes: true } },
    [
      {
        prefillMs: 500,
        chunkRows: 64,
        longestDispatchMs: 5,
        decodeMs: [10, 30],
        prefill: { ...NOTHING, numDispatches: 1000 },
        decode: {
          ...NOTHING,
          numDispatches: 60,
          numSubmits: 2,
          numWaits: 1,
          weightBytesRead: 800,
          peakBufferBytes: 77,
        },
      },
    ],
  );
  expect(report.prefillTokensPerSecond.median).toBe(100);
  expect(report.decodeTokensPerSecond.median).toBe(50);
  expect(report.timeToFirstTokenMs.median).toBe(500);
  expect(report.chunk).toEqual({ rows: 64, longestDispatchMs: 5 });
  expect(report.perToken).toMatchObject({ numDispatches: 30, numSubmits: 1, numWaits: 0.5, weightBytesRead: 400 });
  expect(report.peakBufferBytes).toBe(77);
  expect(report.device).toBeUndefined();
});

it('the best repetition is compared with what the device can do', () => {
  const rates = {
    bytesPerSecond: { copyCommand: 900, copyKernel: 2000, readKernel: 1000 },
    flopsPerSecond: 4000,
    int8OpsPerSecond: undefined,
    dequantDotPerSecond: { Q4_0: 500 },
    measuringMs: 1,
  };
  const share = shareOf(
    { rates, multiplied: { layers: { Q4_0: 8 }, head: { Q4_0: 2 } } },
    { bytesPerToken: 20, numPrompt: 2, decode: 25, prefill: 100 },
  );
  expect(share.limits).toMatchObject({ decodeByBandwidth: 100, decodeByDequantDot: 50, decode: 50 });
  expect(share.decodeShare).toBe(0.5);
  expect(share.prefillShare).toBeCloseTo(100 / ((2 * 4000) / (2 * 18)));
  const text = formatDevice(share)
    .map((row) => row.join(' '))
    .join(' ');
  expect(text).toContain('decode 50 % of 50.0 tokens/s (memory 100.0, dequantising 50.0)');
  expect(text).toContain('no GOP/s');
});
