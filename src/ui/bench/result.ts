/** What a run of the bench page is, as it is shared: plain JSON. `format` changes when a field's meaning does. */
import type { DeviceRates, DeviceReport, ModelInspection } from '../../worker/api.ts';
import { speedLimits, type SpeedLimits } from './limits.ts';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface BenchSettings {
  readonly numPrompt: number;
  readonly numGenerate: number;
  /** Tokens of context before the prompt, computed and then kept. */
  readonly kvFill: number;
  readonly numRepeats: number;
  /** Of the load; exact unless said. */
  readonly precision?: 'int8';
}

/** Those of the settings that are numbers. */
export type BenchCounts = Omit<BenchSettings, 'precision'>;

export const DEFAULT_BENCH: BenchCounts = { numPrompt: 128, numGenerate: 32, kvFill: 0, numRepeats: 3 };

export interface BenchLoads {
  /** The first load, in a fresh engine: with the download, unless `fromCache`. */
  readonly coldMs: number;
  readonly fromCache: boolean;
  readonly networkBytes: number;
  /** The next one, in another fresh engine; undefined where nothing was kept to load from. */
  readonly warmMs: number | undefined;
  readonly uploadMs: number;
  readonly compileMs: number;
}

export interface BenchResult {
  readonly format: 1;
  /** Linnet's. */
  readonly version: string;
  /** ISO 8601. */
  readonly date: string;
  readonly userAgent: string;
  readonly device: DeviceReport;
  readonly model: Pick<ModelInspection, 'name' | 'weightType' | 'numParameters' | 'fileBytes'>;
  readonly settings: BenchSettings;
  readonly load: BenchLoads;
  readonly prefillTokensPerSecond: Spread;
  readonly decodeTokensPerSecond: Spread;
  readonly timeToFirstTokenMs: Spread;
  readonly perToken: {
    readonly numDispatches: number;
    readonly numSubmits: number;
    readonly weightBytesRead: number;
    readonly kvBytesRead: number;
  };
  readonly peakBufferBytes: number;
  readonly rates: DeviceRates;
  readonly limits: SpeedLimits;
  /** Best repetition in limits. */
  readonly share: { readonly prefill: number; readonly decode: number };
}

/** Everything that was measured; what follows from it is derived. */
export type BenchFacts = Omit<
  BenchResult,
  'format' | 'prefillTokensPerSecond' | 'decodeTokensPerSecond' | 'timeToFirstTokenMs' | 'limits' | 'share'
> & {
  readonly multiplied: ModelInspection['multiplied'];
  readonly repetitions: readonly Repetition[];
};

export interface Repetition {
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  readonly timeToFirstTokenMs: number;
}

export function summariseBench({ multiplied, repetitions, ...facts }: BenchFacts): BenchResult {
  const prefill = spreadOf(repetitions.map((one) => one.prefillTokensPerSecond));
  const decode = spreadOf(repetitions.map((one) => one.decodeTokensPerSecond));
  const { weightBytesRead, kvBytesRead } = facts.perToken;
  const limits = speedLimits(facts.rates, multiplied, {
    bytesPerToken: weightBytesRead + kvBytesRead,
    numPrompt: facts.settings.numPrompt,
  });
  return {
    format: 1,
    ...facts,
    prefillTokensPerSecond: prefill,
    decodeTokensPerSecond: decode,
    timeToFirstTokenMs: spreadOf(repetitions.map((one) => one.timeToFirstTokenMs)),
    limits,
    share: { prefill: prefill.max / limits.prefill, decode: decode.max / limits.decode },
  };
}

/** The middle value, or the mean of the two middle ones. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
  return { median, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}
