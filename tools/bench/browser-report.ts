/** A result of the bench page as text for a terminal. Measures nothing. */
import type { BenchResult, Spread } from '../../src/ui/bench/result.ts';
import { formatDevice } from './report.ts';

export function formatBrowserReport(command: string, adapter: string, result: BenchResult): string {
  const { device, model, settings, load, perToken, share } = result;
  const spread = ({ median, min, max }: Spread) => `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(3)} MB`;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const warm = load.warmMs === undefined ? 'not kept' : `${seconds(load.warmMs)} warm`;
  const rows: readonly (readonly [string, string])[] = [
    ['command', command],
    ['browser', result.userAgent],
    ['adapter', `${adapter} (${[device.vendor, device.architecture, ...device.features].join(', ')})`],
    ['model', `${model.name}, ${model.weightType}, ${megabytes(model.fileBytes)}`],
    [
      'kernels',
      Object.entries(device.variants)
        .map((pair) => pair.join(' '))
        .join(', '),
    ],
    [
      'workload',
      `${String(settings.kvFill)} in the cache, ${String(settings.numPrompt)} prompt, ${String(settings.numGenerate)} generated`,
    ],
    [
      'load',
      `${seconds(load.coldMs)} cold, ${warm}, of it ${seconds(load.uploadMs)} upload and ${seconds(load.compileMs)} compiling`,
    ],
    ['prefill', `${spread(result.prefillTokensPerSecond)} tokens/s`],
    ['decode', `${spread(result.decodeTokensPerSecond)} tokens/s`],
    ['time to first token', `${spread(result.timeToFirstTokenMs)} ms`],
    ['per generated token', `${String(perToken.numDispatches)} dispatches, ${String(perToken.numSubmits)} submits`],
    [
      '',
      `${megabytes(perToken.weightBytesRead)} of weights, ${megabytes(perToken.kvBytesRead)} of keys and values read`,
    ],
    ['peak of buffers', megabytes(result.peakBufferBytes)],
    ...formatDevice({
      rates: result.rates,
      limits: result.limits,
      decodeShare: share.decode,
      prefillShare: share.prefill,
    }),
  ];
  return rows.map(([name, value]) => `${name.padEnd(20)} ${value}`).join('\n');
}
