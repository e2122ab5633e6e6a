/** The command line of `npm run bench:browser`. */
import { parseArgs } from 'node:util';
import type { BenchSettings } from '../../src/ui/bench/result.ts';
import { PRECISIONS } from '../../src/shaders/linear/precision.ts';
import { MODEL_SHAPES } from '../fixtures/model-shapes.ts';
import { WEIGHT_TYPES } from '../fixtures/random-blocks.ts';
import { oneOf, wholeNumber } from '../node/gpu-arguments.ts';
import { readModel, type BenchModel } from './arguments.ts';

export const BROWSER_ADAPTERS = ['swiftshader', 'lavapipe'] as const;
export type BrowserAdapter = (typeof BROWSER_ADAPTERS)[number];

export const USAGE = `usage: npm run bench:browser -- (--model FILE | --shape NAME [--type T] [--layers N]) [--prompt N] [--generate N] [--kv-fill N] [--repeat N] [--precision exact|int8] [--adapter ${BROWSER_ADAPTERS.join('|')}] [--minutes N] [--json]
  shapes: ${Object.keys(MODEL_SHAPES).join(', ')}; types: ${WEIGHT_TYPES.join(', ')}`;

export interface BrowserBenchOptions {
  readonly model: BenchModel;
  readonly settings: BenchSettings;
  readonly adapter: BrowserAdapter;
  /** Gives up after this. */
  readonly timeoutMs: number;
  readonly json: boolean;
}

/** @throws Error saying which option is wrong; without a model the usage. */
export function readBrowserArguments(argv: readonly string[]): BrowserBenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      model: { type: 'string' },
      shape: { type: 'string' },
      type: { type: 'string' },
      layers: { type: 'string' },
      prompt: { type: 'string', default: '128' },
      generate: { type: 'string', default: '32' },
      'kv-fill': { type: 'string', default: '0' },
      repeat: { type: 'string', default: '3' },
      precision: { type: 'string', default: 'exact' },
      adapter: { type: 'string', default: 'swiftshader' },
      minutes: { type: 'string', default: '30' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    model: readModel(values, USAGE),
    settings: {
      numPrompt: wholeNumber('--prompt', values.prompt, 1),
      numGenerate: wholeNumber('--generate', values.generate, 2),
      kvFill: wholeNumber('--kv-fill', values['kv-fill'], 0),
      numRepeats: wholeNumber('--repeat', values.repeat, 1),
      ...(oneOf('--precision', values.precision, PRECISIONS) === 'int8' ? { precision: 'int8' as const } : {}),
    },
    adapter: oneOf('--adapter', values.adapter, BROWSER_ADAPTERS) ?? 'swiftshader',
    timeoutMs: wholeNumber('--minutes', values.minutes, 1) * 60_000,
    json: values.json,
  };
}
