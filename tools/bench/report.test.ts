/** From repetitions to a report. */
import { expect, it } from 'vitest';
import { spreadOf, summarise } from './report.ts';

const NOTHING = {
  numSteps: 0,
  numDispatches: 0,
  numSubmits: 0,
  numPromptRows: 0,
  numGeneratedRows: 0,
  weightBytesRead: 0,
  kvBytesRead: 0,
  numBuffersCreated: 0,
  numBindGroupsCreated: 0,
  bufferBytes: 0,
  peakBufferBytes: 0,
};

it('the median of an even number is between the middle two', () => {
  expect(spreadOf([4, 1, 3, 10])).toEqual({ median: 3.5, min: 1, max: 10 });
  expect(spreadOf([4, 1, 10])).toEqual({ median: 4, min: 1, max: 10 });
});

it('rates come from whole phases, counters from generated tokens alone', () => {
  const facts = { command: '', adapter: '', model: '', variants: '', loadMs: 0, sourceMs: 0 };
  const report = summarise({ ...facts, workload: { numPrompt: 50, numGenerate: 2, kvFill: 0, computes: true } }, [
    {
      prefillMs: 500,
      decodeMs: [10, 30],
      prefill: { ...NOTHING, numDispatches: 1000 },
      decode: { ...NOTHING, numDispatches: 60, numSubmits: 2, weightBytesRead: 800, peakBufferBytes: 77 },
    },
  ]);
  expect(report.prefillTokensPerSecond.median).toBe(100);
  expect(report.decodeTokensPerSecond.median).toBe(50);
  expect(report.timeToFirstTokenMs.median).toBe(500);
  expect(report.perToken).toMatchObject({ numDispatches: 30, numSubmits: 1, weightBytesRead: 400 });
  expect(report.peakBufferBytes).toBe(77);
});
