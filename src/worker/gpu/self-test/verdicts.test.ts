/** Verdicts on kernels of drivers that hang or lose the device: remembered before anything is tried again. */
import { describe, expect, it } from 'vitest';
import { MemoryRecords } from '../../../cache/record-store.ts';
import { Q4_0 } from '../../../shaders/blocks/q4_0.ts';
import { linearGemm } from '../../../shaders/linear/linear.ts';
import type { Subject } from '../../../shaders/variants.ts';
import { LinnetError } from '../../errors.ts';
import type { Gpu, Pipeline } from '../gpu.ts';
import { recordName } from './device-record.ts';
import { Verdicts } from './verdicts.ts';

const SUBJECT: Subject = { op: 'gemm', kernel: linearGemm(Q4_0, 'rows'), type: Q4_0, variant: 'rows' };

interface FakeDriver {
  readonly pipeline: () => Promise<Pipeline>;
  readonly lost?: Promise<{ readonly reason: string }>;
}

/** The parts of a device that a verdict needs. */
function gpuOf({ pipeline, lost = new Promise(() => undefined) }: FakeDriver): Gpu {
  const device = { lost, features: new Set(['shader-f16']), limits: { maxComputeWorkgroupStorageSize: 16384 } };
  const adapter = { vendor: 'v', architecture: 'a', description: 'd', software: false, subgroupSize: undefined };
  return { device, adapter, limits: { maxBindingBytes: 7, maxBufferBytes: 7 }, pipeline } as unknown as Gpu;
}

function verdictsOf(driver: FakeDriver, records = new MemoryRecords(), platform = '1') {
  // Time passes as fast as it is waited for.
  const later = (callback: () => void) => void setTimeout(callback, 0);
  return new Verdicts(gpuOf(driver), { nowMs: () => 5, later, records, platform });
}

const refused = () => Promise.reject(new LinnetError('ShaderFailed', 'x', { cause: new Error('3:4 no such thing') }));

describe('Verdicts', () => {
  it('gives up on a compiler that does not end', async () => {
    const verdicts = verdictsOf({ pipeline: () => new Promise(() => undefined) });
    expect(await verdicts.of(SUBJECT)).toEqual({
      kind: 'struckOut',
      problem: 'timedOut',
      detail: 'not done after 60 s',
    });
    verdicts.forgetAccidents();
    expect(verdicts.known(SUBJECT.kernel)).toBeUndefined();
  });

  it('keeps what the compiler said, and asks it once', async () => {
    let numAsked = 0;
    const pipeline = () => {
      numAsked += 1;
      return refused();
    };
    const verdicts = verdictsOf({ pipeline });
    const both = await Promise.all([verdicts.of(SUBJECT), verdicts.of(SUBJECT)]);
    const expected = { kind: 'struckOut', problem: 'doesNotCompile', detail: '3:4 no such thing' };
    expect(both).toEqual([expected, expected]);
    expect(numAsked).toBe(1);
    verdicts.forgetAccidents();
    expect(verdicts.known(SUBJECT.kernel)).toEqual(expected);
  });

  it('remembers a kernel that lost the device, before anything else', async () => {
    const records = new MemoryRecords();
    const pipeline = () => Promise.reject(new Error('gone'));
    const lost = Promise.resolve({ reason: 'unknown' });
    await expect(verdictsOf({ pipeline, lost }, records).of(SUBJECT)).rejects.toMatchObject({ name: 'DeviceLost' });
    const next = verdictsOf({ pipeline }, records);
    await next.remember();
    expect(next.known(SUBJECT.kernel)).toMatchObject({ problem: 'lostDevice' });
    expect(next.struckOut).toMatchObject([{ kernel: 'linear_gemm_rows_q4_0', problem: 'lostDevice' }]);
    const elsewhere = verdictsOf({ pipeline }, records, '2');
    await elsewhere.remember();
    expect(elsewhere.numRemembered).toBe(0);
  });

  it('blames no kernel for a device that the page gave up, nor for a memory that is full', async () => {
    const records = new MemoryRecords();
    const gone = { pipeline: () => Promise.reject(new Error('gone')), lost: Promise.resolve({ reason: 'destroyed' }) };
    await expect(verdictsOf(gone, records).of(SUBJECT)).rejects.toMatchObject({ name: 'DeviceLost' });
    const full = { pipeline: () => Promise.reject(new LinnetError('OutOfMemory', 'full')) };
    const verdicts = verdictsOf(full, records);
    await expect(verdicts.of(SUBJECT)).rejects.toMatchObject({ name: 'OutOfMemory' });
    await verdicts.remember();
    expect(verdicts.known(SUBJECT.kernel)).toBeUndefined();
  });

  it('outlives a store that fails', async () => {
    const broken = {
      readRecord: () => Promise.reject(new Error('x')),
      writeRecord: () => Promise.reject(new Error('x')),
    };
    const later = (callback: () => void) => void setTimeout(callback, 0);
    const gpu = gpuOf({ pipeline: refused });
    const verdicts = new Verdicts(gpu, { nowMs: () => 5, later, records: broken, platform: '' });
    await verdicts.remember();
    expect(await verdicts.of(SUBJECT)).toMatchObject({ problem: 'doesNotCompile' });
    await verdicts.save();
  });
});

describe('recordName', () => {
  it('is another for another adapter, another feature and another version', () => {
    const gpu = gpuOf({ pipeline: refused });
    const names = [
      recordName(gpu, '1'),
      recordName(gpu, '2'),
      recordName({ ...gpu, adapter: { ...gpu.adapter, architecture: 'b' } } as unknown as Gpu, '1'),
      recordName({ ...gpu, device: { ...gpu.device, features: new Set() } } as unknown as Gpu, '1'),
    ];
    expect(new Set(names).size).toBe(names.length);
  });
});
