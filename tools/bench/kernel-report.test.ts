/** The table of kernels: shares of what was measured beside them. */
import { expect, it } from 'vitest';
import type { Precision } from '../../src/shaders/linear/int8.ts';
import { formatKernels } from './kernel-report.ts';

const report = (precision: Precision) =>
  formatKernels({
    precision,
    adapter: 'a device',
    gemvVariant: 'rows',
    gemmVariant: 'tiled',
    numOut: 64,
    width: 256,
    numPrompt: 8,
    clock: 'wall',
    rates: {
      bytesPerSecond: { copyCommand: 10e9, copyKernel: 20e9, readKernel: 5e9 },
      flopsPerSecond: 100e9,
      int8OpsPerSecond: 400e9,
    },
    kernels: [{ type: 'Q4_0', gemv: 3e9, fromRegisters: 4e9, byUnits: 6e9, gemvBytes: 1.6e9, gemm: 50e9 }],
  });

it('says the rates and their share of the limits', () => {
  const text = report('exact');
  expect(text).toContain('memory 20.00 GB/s, fma 100.00 GFLOP/s');
  expect(text).toContain('| Q4_0 | 4.00 | 6.00 | 3.00 | 75 % | 50 % | 1.60 | 8.0 % | 50.00 | 50 % |');
});

it('holds products in int8 against dot4I8Packed', () => {
  const text = report('int8');
  expect(text).toContain('dot4I8Packed 400.00 GOP/s');
  expect(text).toContain('| type | dot4I8Packed | gemv rows |');
  expect(text).toContain('| Q4_0 | 4.00 | 3.00 | 75 % | 1.60 | 8.0 % | 50.00 | 13 % |');
});
