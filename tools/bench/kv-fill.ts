/** `npm run bench:kv-fill`: what a token costs behind 128 and behind 2 048 tokens of context. Refuses to guess an adapter. */
import { parseArgs } from 'node:util';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { ModelRunner, planModel } from '../../src/worker/model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../../src/worker/model/sizes.ts';
import { KV_LAYOUTS } from '../../src/shaders/lib/kv-layout.ts';
import { spreadOf } from '../../src/ui/bench/result.ts';
import { MODEL_SHAPES } from '../fixtures/model-shapes.ts';
import { syntheticModel } from '../fixtures/synthetic-model.ts';
import { openDawn } from '../node/dawn.ts';
import { CLOCK_NAMES, clockOf } from '../node/device-clock.ts';
import { GPU_OPTIONS, GPU_USAGE, oneOf, readGpuArguments, wholeNumber } from '../node/gpu-arguments.ts';
import { readModel } from './arguments.ts';
import { measureKvFill, type KvFillResult } from './measure-kv-fill.ts';

const USAGE = `usage: npm run bench:kv-fill -- --shape NAME [--type T] [--layers N] [--generate N] [--rounds N] [--kv T] [--clock wall|device] ${GPU_USAGE}`;
const FILLS = [128, 2048];

try {
  const { values } = parseArgs({
    options: {
      ...GPU_OPTIONS,
      shape: { type: 'string' },
      type: { type: 'string' },
      layers: { type: 'string' },
      kv: { type: 'string', default: 'f32' },
      generate: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '5' },
      clock: { type: 'string', default: 'device' },
    },
  });
  const model = readModel(values, USAGE);
  if (model.kind !== 'shape') throw new Error(USAGE);
  const gpuOptions = readGpuArguments(values);
  const dawn = await openDawn({ adapter: gpuOptions.adapter });
  const gpu = await openAdapter(dawn.adapter, { withoutFeatures: gpuOptions.withoutFeatures });
  const source = syntheticModel({ ...MODEL_SHAPES[model.name], numLayers: model.numLayers }, { type: model.type });
  const numGenerate = wholeNumber('--generate', values.generate, 1);
  const contextLength = Math.max(...FILLS) + 1 + numGenerate;
  const kvLayout = oneOf('--kv', values.kv, KV_LAYOUTS) ?? 'f32';
  const sizes = { ...DEFAULT_SIZE_OPTIONS, contextLength, cacheTokens: contextLength, kvLayout };
  const runner = await ModelRunner.create(
    gpu,
    source,
    planModel(await readGgufHeader(source), gpu, sizes),
    gpuOptions.variants,
  );
  const numRounds = wholeNumber('--rounds', values.rounds, 1);
  const options = { fills: FILLS, numGenerate, numRounds, computes: gpuOptions.adapter !== 'null' };
  const results = await measureKvFill(
    runner,
    options,
    clockOf(oneOf('--clock', values.clock, CLOCK_NAMES) ?? 'device'),
  );
  console.log(`${model.name}, ${String(model.numLayers)} layers, ${model.type}, ${dawn.description}`);
  console.log(format(results, numGenerate));
  gpu.destroy();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** A line for each fill, then what the last takes more than the first. */
function format(results: readonly KvFillResult[], numGenerate: number): string {
  const rows = results.map(({ kvFill, tokenMs, attentionMs, dispatchMs, decode }) => ({
    fill: String(kvFill),
    numbers: [
      spreadOf(tokenMs).median,
      spreadOf(tokenMs).min,
      medianOf(attentionMs),
      medianOf(dispatchMs) - medianOf(attentionMs),
    ],
    counts: [decode.numDispatches, decode.weightBytesRead, decode.kvBytesRead].map((count) => count / numGenerate),
  }));
  const [first, last] = [rows[0], rows.at(-1)];
  const minus = (a: readonly number[] = [], b: readonly number[] = []) => a.map((value, i) => value - (b[i] ?? NaN));
  const all = [
    ...rows,
    { fill: 'more', numbers: minus(last?.numbers, first?.numbers), counts: minus(last?.counts, first?.counts) },
  ];
  const head = [
    'fill',
    'ms a token',
    'least',
    'attention',
    'the others',
    'dispatches',
    'bytes of weights',
    'of keys and values',
  ];
  const body = all.map(({ fill, numbers, counts }) => [
    fill,
    ...numbers.map((ms) => ms.toFixed(3)),
    ...counts.map(String),
  ]);
  return [head, ...body].map((row) => row.map((cell) => cell.padStart(18)).join(' ')).join('\n');
}

function medianOf(values: readonly number[]): number {
  return values.length === 0 ? NaN : spreadOf(values).median;
}
