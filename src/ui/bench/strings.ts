/** Every sentence the bench page says. */
import type { BenchProgress } from './measure.ts';

export const english = {
  title: 'Benchmark',
  back: 'Back to the chat',
  intro:
    'How fast a model runs on this device, and how far that is from what the device can do. Everything is measured here; nothing is sent anywhere.',
  quiet: 'Close other pages and leave this one in front while it runs.',
  model: 'Model',
  kept: 'On this device',
  builtIn: 'Comes with the page',
  catalogue: 'To download',
  linked: 'From the address',
  file: 'File',
  chooseFile: 'Choose a .gguf file',
  noModel: 'Choose a model first.',
  catalogueModel: (name: string, size: string) => `${name} (${size})`,
  numPrompt: 'Prompt tokens',
  numGenerate: 'Generated tokens',
  kvFill: 'Context before',
  numRepeats: 'Repetitions',
  start: 'Measure',
  startDownload: 'Download and measure',
  stop: 'Stop',
  again: 'Measure again',
  failed: 'It could not be measured',
  phase: {
    inspect: 'Reading the header',
    load: 'Loading the model',
    reload: 'Loading it again, from this device',
    device: 'Measuring the device',
    fill: 'Filling the context',
    warmUp: 'Warming up',
    repeat: 'Measuring the model',
  } satisfies Record<BenchProgress['phase'], string>,
  decode: 'Decode',
  prefill: 'Prefill',
  firstToken: 'First token',
  load: 'Load',
  tokensPerSecond: 'tokens/s',
  ofLimit: (percent: string) => `${percent} of the limit`,
  range: (min: string, max: string) => `${min} to ${max}`,
  coldLoad: (time: string) => `${time} the first time`,
  firstLoadCached: (time: string) => `${time}, already on this device`,
  chartTitle: 'Measured against the limits, in tokens per second',
  measured: 'measured',
  limitMemory: 'memory',
  limitDequant: 'dequantising',
  limitFma: 'multiply-add',
  details: 'Details',
  deviceName: 'Device',
  kernels: 'Kernels',
  weights: 'Weights',
  bytesPerToken: 'Read per token',
  bytesPerTokenValue: (weights: string, kv: string) => `${weights} of weights, ${kv} of keys and values`,
  dispatches: 'Per token',
  dispatchesValue: (dispatches: string, submits: string) =>
    `${dispatches} dispatches in ${submits} ${submits === '1' ? 'submit' : 'submits'}`,
  bandwidth: 'Memory',
  bandwidthValue: (best: string, command: string, copy: string, read: string) =>
    `${best} (copy command ${command}, copying kernel ${copy}, reading kernel ${read})`,
  fma: 'Multiply-add',
  int8: 'dot4I8Packed',
  none: 'not in this browser',
  dequantDot: 'Dequantise and dot',
  dequantDotValue: (type: string, rate: string) => `${type} ${rate} weights/s`,
  loadParts: 'Of the last load',
  loadPartsValue: (upload: string, compile: string) => `${upload} upload, ${compile} compiling`,
  peak: 'Most in buffers',
  network: 'Downloaded',
  json: 'The numbers',
  copy: 'Copy as JSON',
  copied: 'Copied',
  download: 'Download JSON',
};

/** Its shape, in any language. */
export type BenchStrings = typeof english;

/** In the language that is spoken; looked up when something is rendered. */
export let strings: BenchStrings = english;

/** For language.ts of this page alone. */
export function setBenchStrings(words: BenchStrings): void {
  strings = words;
}
