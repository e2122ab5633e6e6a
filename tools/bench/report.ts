/** Repetitions to the numbers of a report, and those to text. Measures nothing. */
import { bandwidth, speedLimits, type Multiplied, type SpeedLimits } from '../../src/ui/bench/limits.ts';
import { spreadOf, type Spread } from '../../src/ui/bench/result.ts';
import type { DeviceRates } from '../../src/worker/api.ts';
import type { ClockName } from '../node/device-clock.ts';
import type { Repetition, Workload } from './measure.ts';

export interface BenchReport {
  readonly command: string;
  readonly adapter: string;
  readonly model: string;
  readonly variants: string;
  readonly workload: Workload;
  readonly clock: ClockName;
  readonly loadMs: number;
  /** Of the load: reading the file, or making the weights. */
  readonly sourceMs: number;
  readonly prefillTokensPerSecond: Spread;
  readonly decodeTokensPerSecond: Spread;
  readonly timeToFirstTokenMs: Spread;
  /** Of the last repetition's last chunk: rows, and its longest dispatch as estimated. */
  readonly chunk: { readonly rows: number; readonly longestDispatchMs: number | undefined };
  readonly perToken: {
    readonly numDispatches: number;
    readonly numSubmits: number;
    /** Steps that could be recorded only when the result of the one right before had been read. */
    readonly numWaits: number;
    readonly weightBytesRead: number;
    readonly kvBytesRead: number;
    readonly numBuffersCreated: number;
    readonly numBindGroupsCreated: number;
  };
  readonly peakBufferBytes: number;
  /** Undefined where nothing is computed. */
  readonly device: DeviceShare | undefined;
}

/** What the device was measured to do in the same run, and the share of it that the model got. */
export interface DeviceShare {
  readonly rates: DeviceRates;
  readonly limits: SpeedLimits;
  readonly decodeShare: number;
  readonly prefillShare: number;
}

export type ReportFacts = Pick<
  BenchReport,
  'command' | 'adapter' | 'model' | 'variants' | 'workload' | 'clock' | 'loadMs' | 'sourceMs'
>;

export interface MeasuredDevice {
  readonly rates: DeviceRates;
  readonly multiplied: Multiplied;
}

export function summarise(
  facts: ReportFacts,
  repetitions: readonly Repetition[],
  measured?: MeasuredDevice,
): BenchReport {
  const { numPrompt, numGenerate } = facts.workload;
  const numTokens = numGenerate * repetitions.length;
  const perToken = (key: keyof Repetition['decode']) =>
    repetitions.reduce((sum, { decode }) => sum + decode[key], 0) / numTokens;
  const prefill = spreadOf(repetitions.map(({ prefillMs }) => (1000 * numPrompt) / prefillMs));
  const decode = spreadOf(
    repetitions.map(({ decodeMs }) => (1000 * numGenerate) / decodeMs.reduce((sum, ms) => sum + ms, 0)),
  );
  const bytesPerToken = perToken('weightBytesRead') + perToken('kvBytesRead');
  return {
    ...facts,
    prefillTokensPerSecond: prefill,
    decodeTokensPerSecond: decode,
    timeToFirstTokenMs: spreadOf(repetitions.map(({ prefillMs }) => prefillMs)),
    chunk: { rows: repetitions.at(-1)?.chunkRows ?? 0, longestDispatchMs: repetitions.at(-1)?.longestDispatchMs },
    perToken: {
      numDispatches: perToken('numDispatches'),
      numSubmits: perToken('numSubmits'),
      numWaits: perToken('numWaits'),
      weightBytesRead: perToken('weightBytesRead'),
      kvBytesRead: perToken('kvBytesRead'),
      numBuffersCreated: perToken('numBuffersCreated'),
      numBindGroupsCreated: perToken('numBindGroupsCreated'),
    },
    peakBufferBytes: Math.max(...repetitions.map(({ decode: { peakBufferBytes } }) => peakBufferBytes)),
    device: measured && shareOf(measured, { bytesPerToken, numPrompt, decode: decode.max, prefill: prefill.max }),
  };
}

/** Best against best: what disturbs the one disturbs the other, and only the undisturbed can be compared. */
export function shareOf(
  { rates, multiplied }: MeasuredDevice,
  best: {
    readonly bytesPerToken: number;
    readonly numPrompt: number;
    readonly decode: number;
    readonly prefill: number;
  },
): DeviceShare {
  const limits = speedLimits(rates, multiplied, best);
  return {
    rates,
    limits,
    decodeShare: best.decode / limits.decode,
    prefillShare: best.prefill / limits.prefill,
  };
}

export function formatReport(report: BenchReport): string {
  const { workload, perToken } = report;
  const spread = ({ median, min, max }: Spread) => `${median.toFixed(1)} (${min.toFixed(1)} to ${max.toFixed(1)})`;
  const rows: readonly (readonly [string, string])[] = [
    ['command', report.command],
    ['adapter', report.adapter],
    ['model', report.model],
    ['kernels', report.variants],
    [
      'workload',
      `${workload.kvFill} in the cache, ${workload.numPrompt} prompt, ${workload.numGenerate} generated, read ${workload.lateSteps} steps late; ${report.clock} clock`,
    ],
    ['load', `${report.loadMs.toFixed(0)} ms, of it ${report.sourceMs.toFixed(0)} ms for the file's bytes`],
    ...(workload.computes ? [] : ([['note', 'nothing is computed on this adapter: the times mean nothing']] as const)),
    ['prefill', `${spread(report.prefillTokensPerSecond)} tokens/s`],
    ['last chunk', chunkOf(report)],
    ['decode', `${spread(report.decodeTokensPerSecond)} tokens/s`],
    ['time to first token', `${spread(report.timeToFirstTokenMs)} ms`],
    [
      'per generated token',
      `${perToken.numDispatches} dispatches, ${perToken.numSubmits} submits, ${perToken.numWaits.toFixed(2)} waits`,
    ],
    [
      '',
      `${megabytes(perToken.weightBytesRead)} of weights, ${megabytes(perToken.kvBytesRead)} of keys and values read`,
    ],
    ['', `${perToken.numBuffersCreated} buffers, ${perToken.numBindGroupsCreated} bind groups created`],
    ['peak of buffers', megabytes(report.peakBufferBytes)],
    ...(report.device === undefined ? [] : formatDevice(report.device)),
  ];
  return rows.map(([name, value]) => `${name.padEnd(20)} ${value}`).join('\n');
}

function chunkOf({ chunk: { rows, longestDispatchMs } }: BenchReport): string {
  const longest =
    longestDispatchMs === undefined ? '' : `, its longest dispatch about ${longestDispatchMs.toFixed(1)} ms`;
  return `${String(rows)} rows${longest}`;
}

/** Rows of a report. */
export function formatDevice({ rates, limits, decodeShare, prefillShare }: DeviceShare): [string, string][] {
  const perSecond = (value: number | undefined, unit: string) =>
    value === undefined ? `no ${unit}` : `${(value / 1e9).toFixed(1)} ${unit}`;
  const dequant = Object.entries(rates.dequantDotPerSecond).map(([type, rate]) => `${type} ${(rate / 1e9).toFixed(2)}`);
  const speed = (value: number | undefined) => (value === undefined ? 'unknown' : value.toFixed(1));
  return [
    ['device can do', `${perSecond(bandwidth(rates), 'GB/s')}, ${perSecond(rates.flopsPerSecond, 'GFLOP/s')} of fma,`],
    [
      '',
      `${perSecond(rates.int8OpsPerSecond, 'GOP/s')} of dot4I8Packed; dequantise and dot, G weights/s: ${dequant.join(', ')}`,
    ],
    [
      'share of the limit',
      `decode ${percent(decodeShare)} of ${speed(limits.decode)} tokens/s (memory ${speed(limits.decodeByBandwidth)}, dequantising ${speed(limits.decodeByDequantDot)})`,
    ],
    ['', `prefill ${percent(prefillShare)} of ${speed(limits.prefill)} tokens/s (fma)`],
  ];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(3)} MB`;
}
