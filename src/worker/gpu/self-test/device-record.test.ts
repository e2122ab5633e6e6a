/** What is taken over from an earlier visit, and what is not. */
import { describe, expect, it } from 'vitest';
import { linearGemm, linearGemv } from '../../../shaders/linear/linear.ts';
import { Q4_0 } from '../../../shaders/blocks/q4_0.ts';
import { kernelId, parseDeviceRecord, type DeviceRecord } from './device-record.ts';

const NOW = 1_800_000_000_000;
const DAY = 24 * 3600 * 1000;
const RECORD: DeviceRecord = {
  format: 1,
  sinceMs: NOW - DAY,
  verdicts: { a: { kind: 'right' }, b: { kind: 'struckOut', problem: 'unsteady', detail: 'row 3' } },
  timings: { 'gemv Q4_0': { lanes: 12.5 } },
};

describe('parseDeviceRecord', () => {
  it('takes over what this version wrote', () => {
    expect(parseDeviceRecord(structuredClone(RECORD), NOW)).toEqual(RECORD);
  });

  it('forgets after a week, and what comes from the future', () => {
    expect(parseDeviceRecord({ ...RECORD, sinceMs: NOW - 8 * DAY }, NOW)).toBeUndefined();
    expect(parseDeviceRecord({ ...RECORD, sinceMs: NOW + DAY }, NOW)).toBeUndefined();
  });

  it('leaves out what it does not understand', () => {
    for (const value of [undefined, null, 7, 'x', [], {}, { ...RECORD, format: 2 }, { ...RECORD, verdicts: null }]) {
      expect(parseDeviceRecord(value, NOW)).toBeUndefined();
    }
    const strange = {
      ...RECORD,
      verdicts: {
        ...RECORD.verdicts,
        c: { kind: 'fine' },
        d: { kind: 'struckOut', problem: 'ugly', detail: '' },
        e: 1,
      },
      timings: { 'gemv Q4_0': { lanes: 12.5, rows: 'fast', tiled: -1 }, gemm: 3 },
    };
    expect(parseDeviceRecord(strange, NOW)).toEqual({ ...RECORD, timings: { ...RECORD.timings, gemm: {} } });
  });
});

describe('kernelId', () => {
  it('tells codes and constants apart', () => {
    const kernel = linearGemm(Q4_0, 'rows');
    const id = kernelId(kernel);
    expect(id).toMatch(/^linear_gemm_rows_q4_0 [0-9a-f]{16}$/);
    expect(kernelId(linearGemm(Q4_0, 'rows'))).toBe(id);
    expect(kernelId({ ...kernel, code: kernel.code.replace('+', '-') })).not.toBe(id);
    const [gpu, cpu] = [false, true].map((software) => kernelId(linearGemv(Q4_0, 'lanes', 'plain', { software })));
    expect(gpu).not.toBe(cpu);
  });
});
