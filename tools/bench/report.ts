/** Repetitions to the numbers of a report, and those to text. Measures nothing. */
import type { Repetition, Workload } from './measure.ts';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface BenchReport {
  readonly command: string;
  readonly adapter: string;
  readonly model: string;
  readonly variants: string;
  readonly workload: Workload;
  readonly loadMs: number;
  /** Of the load: reading the file, or making the weights. */
  readonly sourceMs: number;
  readonly prefillTokensPerSecond: Spread;
  readonly decodeTokensPerSecond: Spread;
  readonly timeToFirstTokenMs: Spread;
  readonly perToken: {
    readonly numDispatches: number;
    readonly numSubmits: number;
    readonly weightBytesRead: number;
    readonly kvBytesRead: number;
    readonly numBuffersCreated: number;
    readonly numBindGroupsCreated: number;
  };
  readonly peakBufferBytes: number;
}

export type ReportFacts = Pick<
  BenchReport,
  'command' | 'adapter' | 'model' | 'variants' | 'workload' | 'loadMs' | 'sourceMs'
>;

export function summarise(facts: ReportFacts, repetitions: readonly Repetition[]): BenchReport {
  const { numPrompt, numGenerate } = facts.workload;
  const numTokens = numGenerate * repetitions.length;
  const perToken = (key: keyof Repetition['decode']) =>
    repetitions.reduce((sum, { decode }) => sum + decode[key], 0) / numTokens;
  return {
    ...facts,
    prefillTokensPerSecond: spreadOf(repetitions.map(({ prefillMs }) => (1000 * numPrompt) / prefillMs)),
    decodeTokensPerSecond: spreadOf(
      repetitions.map(({ decodeMs }) => (1000 * numGenerate) / decodeMs.reduce((sum, ms) => sum + ms, 0)),
    ),
    timeToFirstTokenMs: spreadOf(repetitions.map(({ prefillMs }) => prefillMs)),
    perToken: {
      numDispatches: perToken('numDispatches'),
      numSubmits: perToken('numSubmits'),
      weightBytesRead: perToken('weightBytesRead'),
      kvBytesRead: perToken('kvBytesRead'),
      numBuffersCreated: perToken('numBuffersCreated'),
      numBindGroupsCreated: perToken('numBindGroupsCreated'),
    },
    peakBufferBytes: Math.max(...repetitions.map(({ decode }) => decode.peakBufferBytes)),
  };
}

/** The middle value, or the mean of the two middle ones. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
  return { median, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

export function formatReport(report: BenchReport): string {
  const { workload, perToken } = report;
  const spread = ({ median, min, max }: Spread) => `${median.toFixed(1)} (${min.toFixed(1)} to ${max.toFixed(1)})`;
  const rows: readonly (readonly [string, string])[] = [
    ['command', report.command],
    ['adapter', report.adapter],
    ['model', report.model],
    ['kernels', report.variants],
    ['workload', `${workload.kvFill} in the cache, ${workload.numPrompt} prompt, ${workload.numGenerate} generated`],
    ['load', `${report.loadMs.toFixed(0)} ms, of it ${report.sourceMs.toFixed(0)} ms for the file's bytes`],
    ...(workload.computes ? [] : ([['note', 'nothing is computed on this adapter: the times mean nothing']] as const)),
    ['prefill', `${spread(report.prefillTokensPerSecond)} tokens/s`],
    ['decode', `${spread(report.decodeTokensPerSecond)} tokens/s`],
    ['time to first token', `${spread(report.timeToFirstTokenMs)} ms`],
    ['per generated token', `${perToken.numDispatches} dispatches, ${perToken.numSubmits} submits`],
    [
      '',
      `${megabytes(perToken.weightBytesRead)} of weights, ${megabytes(perToken.kvBytesRead)} of keys and values read`,
    ],
    ['', `${perToken.numBuffersCreated} buffers, ${perToken.numBindGroupsCreated} bind groups created`],
    ['peak of buffers', megabytes(report.peakBufferBytes)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(20)} ${value}`).join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(3)} MB`;
}
