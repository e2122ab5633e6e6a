/**
 * `npm run parity -- DIR`: every golden of DIR/goldens against its model of DIR/models, computed by our runtime in Node
 * on Dawn: log-probabilities against `exact`, and the arg-max along the exact greedy continuation at every step whose
 * margin leaves no doubt. A row each; the last line and the exit code say how many passed.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { DEFAULT_SIZE_OPTIONS } from '../../src/worker/model/sizes.ts';
import { ModelRunner, planModel } from '../../src/worker/model/runner.ts';
import { openDawn } from '../node/dawn.ts';
import { nodeFileSource } from '../node/file-source.ts';
import { readArguments, type ParityOptions } from './arguments.ts';
import { driveTracks, type Track } from './drive.ts';
import { argMax, Difference, LIMITS, logSumExp, readGolden, type Golden, type GoldenPrompt } from './golden.ts';

interface Outcome {
  readonly difference: Difference;
  readonly numSteps: number;
  readonly numWrong: number;
}

/** A track that compares as it goes; `length` cuts the prompt (then there is no greedy continuation). */
function trackOf(
  golden: Golden,
  prompt: GoldenPrompt,
  chunk: number,
  length: number,
  tally: { difference: Difference; steps: number; wrong: number },
): Track {
  const whole = length === prompt.ids.length;
  const greedy = whole ? prompt.exact.ownGreedy : { ids: [], margin: [] };
  const positions = new Map(prompt.exact.positions.filter((p) => p.pos < length).map((p) => [p.pos, p]));
  const want = new Set(positions.keys());
  greedy.ids.forEach((_, i) => want.add(length - 1 + i));
  return {
    ids: [...prompt.ids.slice(0, length), ...greedy.ids.slice(0, -1)],
    numPrompt: length,
    chunk,
    want,
    onLogits(position, logits) {
      const expected = positions.get(position);
      if (expected !== undefined) {
        const norm = logSumExp(logits);
        for (const [id, logprob] of expected.top) tally.difference.add((logits[id] ?? NaN) - norm, logprob);
        golden.fixedIds.forEach((id, i) => tally.difference.add((logits[id] ?? NaN) - norm, expected.fixed[i] ?? NaN));
      }
      const step = position - (length - 1);
      if (step >= 0 && (greedy.margin[step] ?? 0) > 2 * LIMITS.max) {
        tally.steps += 1;
        if (argMax(logits) !== greedy.ids[step]) tally.wrong += 1;
      }
    },
  };
}

async function check(options: ParityOptions, golden: Golden): Promise<Outcome> {
  const dawn = await openDawn({ adapter: options.adapter });
  const gpu = await openAdapter(dawn.adapter, {
    defaultLimits: true,
    withoutFeatures: options.withoutFeatures,
    ...(options.maxBindingBytes === undefined ? {} : { maxBindingBytes: options.maxBindingBytes }),
  });
  try {
    const source = await nodeFileSource(join(options.directory, 'models', golden.model));
    const file = await readGgufHeader(source);
    const lengths = golden.prompts.map((prompt) => prompt.ids.length + prompt.exact.ownGreedy.ids.length);
    const contextLength = Math.max(...lengths);
    const plan = planModel(file, gpu, {
      ...DEFAULT_SIZE_OPTIONS,
      contextLength,
      cacheTokens: Math.max(options.batch, 1) * (contextLength + 32),
      kvLayout: 'f32',
    });
    const runner = await ModelRunner.create(gpu, source, plan, options.variants);
    const tally = { difference: new Difference(), steps: 0, wrong: 0 };
    if (options.batch === 1) {
      for (const prompt of golden.prompts)
        await driveTracks(runner, [trackOf(golden, prompt, Infinity, prompt.ids.length, tally)], 1);
    } else {
      const chunks = [7, 50, 1, 33, 19];
      const tracks = Array.from({ length: options.batch }, (_, i) => {
        const prompt = golden.prompts[i % golden.prompts.length];
        if (prompt === undefined) throw new Error('a golden without prompts');
        // Past the first round, other lengths of the same prompts.
        const round = Math.floor(i / golden.prompts.length);
        return trackOf(
          golden,
          prompt,
          chunks[i % chunks.length] ?? 16,
          Math.max(1, prompt.ids.length - 3 * round),
          tally,
        );
      });
      await driveTracks(runner, tracks, 7);
    }
    return { difference: tally.difference, numSteps: tally.steps, numWrong: tally.wrong };
  } finally {
    gpu.destroy();
  }
}

const options = readArguments(process.argv.slice(2));
const names = readdirSync(join(options.directory, 'goldens'))
  .filter((name) => name.endsWith('.json') && options.filter.test(name.slice(0, -5)))
  .sort();
console.log(`adapter ${(await openDawn({ adapter: options.adapter })).description}, batch ${String(options.batch)}`);
let passed = 0;
let failed = 0;
for (const name of names) {
  const started = performance.now();
  const label = name.slice(0, -5).padEnd(28);
  try {
    const { difference, numSteps, numWrong } = await check(
      options,
      readGolden(join(options.directory, 'goldens', name)),
    );
    const good = difference.rms <= LIMITS.rms && difference.max <= LIMITS.max && numWrong === 0 && numSteps > 0;
    if (good) passed += 1;
    else failed += 1;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${good ? 'pass' : 'FAIL'} ${label} rms ${difference.rms.toExponential(1)} max ${difference.max.toExponential(1)} over ${String(difference.count)}; greedy ${String(numSteps - numWrong)}/${String(numSteps)} steps compared; ${seconds} s`,
    );
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${label} ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  }
}
if (names.length === 0) console.log('no golden matches');
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
