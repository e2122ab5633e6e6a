/** The kernels' rates as a table. Measures nothing. */
import { bandwidth } from '../../src/ui/bench/limits.ts';
import type { DeviceRates, Precision } from '../../src/worker/api.ts';
import type { ClockName } from '../node/device-clock.ts';
import { percent } from './report.ts';

export interface KernelRates {
  readonly type: string;
  /** Weights per second, of one generated row. */
  readonly gemv: number;
  /** The same dequantisation and dot product from registers, in int8 `dot4I8Packed`, measured in turn with it. */
  readonly fromRegisters: number;
  /** The same with the scales after the sums, for types that have that way. */
  readonly byUnits?: number | undefined;
  /** Bytes of planes per second. */
  readonly gemvBytes: number;
  /** Operations per second (two for a product and a sum), of all prompt rows. */
  readonly gemm: number;
}

export interface KernelReport {
  readonly adapter: string;
  readonly precision: Precision;
  readonly gemvVariant: string;
  readonly gemmVariant: string;
  /** The weight is [numOut, width]. */
  readonly numOut: number;
  readonly width: number;
  readonly numPrompt: number;
  readonly clock: ClockName;
  readonly rates: Pick<DeviceRates, 'bytesPerSecond' | 'flopsPerSecond' | 'int8OpsPerSecond'>;
  readonly kernels: readonly KernelRates[];
}

export function formatKernels(report: KernelReport): string {
  const { adapter, gemvVariant, gemmVariant, numOut, width, numPrompt, rates, kernels } = report;
  const isInt8 = report.precision === 'int8';
  const operations = isInt8 ? (rates.int8OpsPerSecond ?? NaN) : rates.flopsPerSecond;
  const memory = bandwidth({ ...rates, dequantDotPerSecond: {}, measuringMs: 0 });
  const giga = (value: number) => (value / 1e9).toFixed(2);
  const rows = kernels.map(({ type, gemv, fromRegisters, byUnits, gemvBytes, gemm }) => [
    type,
    giga(fromRegisters),
    ...(isInt8 ? [] : [byUnits === undefined ? '' : giga(byUnits)]),
    giga(gemv),
    percent(gemv / fromRegisters),
    ...(isInt8 ? [] : [byUnits === undefined ? '' : percent(gemv / byUnits)]),
    giga(gemvBytes),
    percent(gemvBytes / memory),
    giga(gemm),
    percent(gemm / operations),
  ]);
  const head = [
    'type',
    isInt8 ? 'dot4I8Packed' : 'registers',
    ...(isInt8 ? [] : ['by units']),
    `gemv ${gemvVariant}`,
    'share',
    ...(isInt8 ? [] : ['share by units']),
    'GB/s',
    'share',
    `gemm ${gemmVariant}`,
    'share',
  ];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return [
    adapter,
    `weight ${String(numOut)} x ${String(width)}; registers and gemv in G weights/s, gemm of ${String(numPrompt)} rows in ${isInt8 ? 'GOP/s, all in int8' : 'GFLOP/s'}; ${report.clock} clock`,
    `memory ${giga(memory)} GB/s, ${isInt8 ? `dot4I8Packed ${giga(operations)} GOP/s` : `fma ${giga(operations)} GFLOP/s`}`,
    ...table,
  ].join('\n');
}
