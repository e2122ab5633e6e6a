/** One benchmark from options to report: opens the adapter and the model, warms up, repeats. Prints nothing. */
import type { ByteSource } from '../../src/cache/byte-source.ts';
import { typesOf } from '../../src/ui/bench/limits.ts';
import { variantsInUse } from '../../src/worker/device-report.ts';
import { measureRates } from '../../src/worker/gpu/limits-probe/measure-rates.ts';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { multipliedWeights } from '../../src/worker/model/multiplied.ts';
import { ModelRunner, planModel } from '../../src/worker/model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../../src/worker/model/sizes.ts';
import { MODEL_SHAPES } from '../fixtures/model-shapes.ts';
import { syntheticModel } from '../fixtures/synthetic-model.ts';
import { openDawn } from '../node/dawn.ts';
import { clockOf } from '../node/device-clock.ts';
import { nodeFileSource } from '../node/file-source.ts';
import type { BenchModel, BenchOptions } from './arguments.ts';
import { Bench, type Repetition } from './measure.ts';
import { summarise, type BenchReport } from './report.ts';

export async function runBench(options: BenchOptions, command: string): Promise<BenchReport> {
  const dawn = await openDawn({ adapter: options.adapter });
  const gpu = await openAdapter(dawn.adapter, { withoutFeatures: options.withoutFeatures });
  const source = timed(await sourceOf(options.model));
  try {
    const nowMs = clockOf(options.clock);
    const loadStarted = performance.now();
    const { numPrompt, numGenerate, kvFill, lateSteps } = options;
    const contextLength = kvFill + numPrompt + numGenerate;
    const plan = planModel(await readGgufHeader(source), gpu, {
      ...DEFAULT_SIZE_OPTIONS,
      contextLength,
      cacheTokens: contextLength,
      kvLayout: options.kv,
      precision: options.precision,
    });
    const runner = await ModelRunner.create(gpu, source, plan, options.variants);
    const workload = { numPrompt, numGenerate, kvFill, lateSteps, computes: options.adapter !== 'null' };
    const bench = await Bench.create(runner, workload, nowMs);
    const loadMs = performance.now() - loadStarted;
    await bench.repeat(); // warm-up
    const repetitions: Repetition[] = [];
    for (let i = 0; i < options.numRepeats; i++) repetitions.push(await bench.repeat());
    const multiplied = multipliedWeights(plan);
    const measured = workload.computes
      ? { multiplied, rates: await measureRates(gpu, { nowMs, types: typesOf(multiplied) }) }
      : undefined;
    return summarise(
      {
        command,
        adapter: dawn.description,
        model: describeModel(options.model),
        variants: describeVariants(runner),
        workload,
        clock: options.clock,
        loadMs,
        sourceMs: source.spentMs(),
      },
      repetitions,
      measured,
    );
  } finally {
    gpu.destroy();
  }
}

async function sourceOf(model: BenchModel): Promise<ByteSource> {
  if (model.kind === 'file') return nodeFileSource(model.path);
  return syntheticModel({ ...MODEL_SHAPES[model.name], numLayers: model.numLayers }, { type: model.type });
}

function describeModel(model: BenchModel): string {
  if (model.kind === 'file') return model.path;
  const whole = MODEL_SHAPES[model.name].numLayers;
  return `${model.name} shape, random ${model.type}, ${model.numLayers} of ${whole} layers`;
}

function describeVariants(runner: ModelRunner): string {
  const inUse = Object.entries(variantsInUse(runner)).map((pair) => pair.join(' '));
  return [...inUse, `cache ${runner.plan.sizes.kv.layout}`].join(', ');
}

/** The same source, with the time its reads took. */
function timed(source: ByteSource): ByteSource & { spentMs(): number } {
  let spentMs = 0;
  return {
    sizeBytes: source.sizeBytes,
    async read(offsetBytes, lengthBytes, signal) {
      const started = performance.now();
      const bytes = await source.read(offsetBytes, lengthBytes, signal);
      spentMs += performance.now() - started;
      return bytes;
    },
    spentMs: () => spentMs,
  };
}
