/**
 * `npm run bench:steps -- --shape NAME [--layers N] [--prompt M] [--fill T] [--adapter A]`: every kernel of a step with prompt rows and of
 * a generated token behind some context, with what its shape and the device's rates predict beside what it takes.
 */
import { parseArgs } from 'node:util';
import { bandwidth } from '../../src/ui/bench/limits.ts';
import { measureRates } from '../../src/worker/gpu/limits-probe/measure-rates.ts';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import { GpuSampler } from '../../src/worker/gpu/sampler.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { ModelRunner, planModel } from '../../src/worker/model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../../src/worker/model/sizes.ts';
import { resolveSamplingParams } from '../../src/worker/sampling/params.ts';
import { tokenId } from '../../src/worker/tokens.ts';
import { MODEL_SHAPES } from '../fixtures/model-shapes.ts';
import { syntheticModel } from '../fixtures/synthetic-model.ts';
import { openDawn } from '../node/dawn.ts';
import { clockOf } from '../node/device-clock.ts';
import { GPU_OPTIONS, GPU_USAGE, readGpuArguments, wholeNumber } from '../node/gpu-arguments.ts';
import { readModel } from './arguments.ts';
import { timeDispatches, type DispatchTime } from './dispatch-times.ts';
import { batchOf } from './measure.ts';
import { costOf, predictedMs, type StepRows } from './step-costs.ts';

const USAGE = `usage: npm run bench:steps -- --shape NAME [--type T] [--layers N] [--prompt M] [--fill T] ${GPU_USAGE}`;
const NUM_DRAWS = 50;

try {
  const { values } = parseArgs({
    options: {
      ...GPU_OPTIONS,
      shape: { type: 'string' },
      type: { type: 'string' },
      layers: { type: 'string' },
      prompt: { type: 'string', default: '64' },
      fill: { type: 'string', default: '512' },
    },
  });
  const model = readModel(values, USAGE);
  if (model.kind !== 'shape') throw new Error(USAGE);
  const shape = { ...MODEL_SHAPES[model.name], numLayers: model.numLayers };
  const numPrompt = wholeNumber('--prompt', values.prompt, 1);
  const fill = wholeNumber('--fill', values.fill, 1);
  const options = readGpuArguments(values);
  const dawn = await openDawn({ adapter: options.adapter });
  const gpu = await openAdapter(dawn.adapter, { withoutFeatures: options.withoutFeatures });
  const nowMs = clockOf(options.adapter === 'native' ? 'wall' : 'device');
  const contextLength = Math.max(numPrompt, fill) + 1;
  const sizes = { ...DEFAULT_SIZE_OPTIONS, contextLength, cacheTokens: contextLength, kvLayout: 'f32' as const };
  const source = syntheticModel(shape, { type: model.type });
  const plan = planModel(await readGgufHeader(source), gpu, sizes);
  const runner = await ModelRunner.create(gpu, source, plan, options.variants);
  const rates = await measureRates(gpu, { nowMs, types: [] });
  const memory = bandwidth(rates);
  console.log(
    `${model.name}, ${String(model.numLayers)} layers, ${model.type}, ${dawn.description}: ${(memory / 1e9).toFixed(1)} GB/s, ${(rates.flopsPerSecond / 1e9).toFixed(1)} GFLOP/s`,
  );
  const prompt = Array.from({ length: numPrompt }, (_, i) => tokenId(i + 1));
  const print = (title: string, rows: StepRows, times: readonly DispatchTime[]) => {
    console.log(
      `${title}\n| kernel | dispatches | MB | M operations | predicted ms | ms |\n| --- | --- | --- | --- | --- | --- |`,
    );
    for (const { kernel, numDispatches, ms, multiplyAdds, weightBytes } of times) {
      const one = costOf(kernel, shape, rows) ?? {
        bytes: weightBytes / numDispatches,
        operations: (2 * multiplyAdds) / numDispatches,
      };
      const all = { bytes: one.bytes * numDispatches, operations: one.operations * numDispatches };
      const numbers = [all.bytes / 1e6, all.operations / 1e6, predictedMs(all, memory, rates.flopsPerSecond), ms];
      console.log(`| ${kernel} | ${String(numDispatches)} | ${numbers.map((x) => x.toFixed(3)).join(' | ')} |`);
    }
  };
  const promptTimes = await timeDispatches(runner, batchOf(0, prompt, 'prompt', true), nowMs);
  print(`${String(numPrompt)} prompt rows`, { numRows: numPrompt, numKeys: numPrompt }, promptTimes);
  const token = await timeDispatches(runner, batchOf(fill - 1, [tokenId(1)], 'generated', true), nowMs);
  const draw = { kernel: 'sample', numDispatches: 1, ms: await timeDraw(), multiplyAdds: 0, weightBytes: 0 };
  print(`a token behind ${String(fill)}`, { numRows: 1, numKeys: fill }, [...token, draw]);

  /** Both kernels of a greedy draw, in one line. */
  async function timeDraw(): Promise<number> {
    const sampler = await GpuSampler.create(gpu, plan.vocabSize, plan.sizes, runner.scratch.logits);
    const params = resolveSamplingParams({ temperature: 0 }, { vocabSize: plan.vocabSize, chooseSeed: () => 1 });
    let best = Infinity;
    for (let i = 0; i < 5; i++) {
      const encoder = gpu.device.createCommandEncoder({ label: 'draws' });
      const pass = encoder.beginComputePass({ label: 'draws' });
      for (let j = 0; j < NUM_DRAWS; j++) sampler.record(pass, [{ params, position: 1, slot: 0 }]);
      pass.end();
      const started = nowMs();
      gpu.device.queue.submit([encoder.finish()]);
      await gpu.device.queue.onSubmittedWorkDone();
      best = Math.min(best, (nowMs() - started) / NUM_DRAWS);
    }
    return best;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
