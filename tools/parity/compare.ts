/**
 * One model against its golden: drives every prompt, or several at once, through a runner of ours and compares what comes
 * out. Knows no command line.
 */
import { join } from 'node:path';
import type { ByteSource } from '../../src/cache/byte-source.ts';
import { isBlockLayout } from '../../src/shaders/lib/kv-layout.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { kernelNeeds } from '../../src/worker/model/needs.ts';
import { DEFAULT_SIZE_OPTIONS } from '../../src/worker/model/sizes.ts';
import { ModelRunner, planModel } from '../../src/worker/model/runner.ts';
import { nodeFileSource } from '../node/file-source.ts';
import { keptIn } from '../oracle/kept.ts';
import { roundedIn } from '../oracle/rounded.ts';
import type { ParityOptions } from './arguments.ts';
import { driveTracks, type Track } from './drive.ts';
import {
  argMax,
  Difference,
  LIMITS,
  logSumExp,
  quantisedLimits,
  type Golden,
  type GoldenPrompt,
  type Limits,
} from './golden.ts';
import { openParityGpu } from './gpu.ts';
import { lossOf, lossyGolden } from './lossy-golden.ts';

export interface Outcome {
  readonly difference: Difference;
  readonly limits: Limits;
  readonly numSteps: number;
  readonly numWrong: number;
  /** Within the limits, and every step that was compared right. */
  readonly passed: boolean;
}

/** A track that compares as it goes; `length` cuts the prompt (then there is no greedy continuation). */
function trackOf(
  golden: Golden,
  prompt: GoldenPrompt,
  chunk: number,
  length: number,
  tally: { difference: Difference; steps: number; wrong: number; readonly limit: number },
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
      if (step >= 0 && (greedy.margin[step] ?? 0) > 2 * tally.limit) {
        tally.steps += 1;
        if (argMax(logits) !== greedy.ids[step]) tally.wrong += 1;
      }
    },
  };
}

/**
 * What the runtime is held against. With a quantised cache, or in int8 with `rounded`: exact arithmetic that rounds the same,
 * tightly. Otherwise in int8: exact arithmetic, within what such products may cost.
 */
async function expectedOf(
  { kv, kvTransform, precision, rounded }: Pick<ParityOptions, 'kv' | 'kvTransform' | 'precision' | 'rounded'>,
  exact: Golden,
  source: ByteSource,
): Promise<{ readonly golden: Golden; readonly limits: Limits }> {
  const keep = isBlockLayout(kv) ? keptIn(kv, kvTransform) : undefined;
  if (keep === undefined && precision === 'exact')
    return { golden: exact, limits: LIMITS[isBlockLayout(kv) ? 'f32' : kv] };
  if (keep === undefined && !rounded) return { golden: exact, limits: LIMITS.int8 };
  const golden = await lossyGolden(exact, source, { keep, round: roundedIn(precision) });
  return { golden, limits: quantisedLimits(lossOf(golden, exact)) };
}

/** @throws the runtime's named errors for a model it refuses */
export async function compareModel(options: Omit<ParityOptions, 'filter'>, exact: Golden): Promise<Outcome> {
  const source = await nodeFileSource(join(options.models, exact.model));
  const gpu = await openParityGpu(options);
  try {
    const { kv, kvTransform, precision } = options;
    const file = await readGgufHeader(source);
    const lengths = exact.prompts.map((prompt) => prompt.ids.length + prompt.exact.ownGreedy.ids.length);
    const contextLength = Math.max(...lengths);
    const plan = planModel(file, gpu, {
      ...DEFAULT_SIZE_OPTIONS,
      contextLength,
      cacheTokens: Math.max(options.batch, 1) * (contextLength + 32),
      kvLayout: kv,
      precision,
      ...(isBlockLayout(kv) ? { kvTransform } : {}),
    });
    // Where no weights are of a type for int8, products are exact whatever was asked for.
    const isRounded = kernelNeeds(plan).int8.length > 0;
    const { golden, limits } = await expectedOf(
      { ...options, precision: isRounded ? precision : 'exact' },
      exact,
      source,
    );
    const runner = await ModelRunner.create(gpu, source, plan, options.variants);
    const tally = { difference: new Difference(), steps: 0, wrong: 0, limit: limits.max };
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
    const { difference, steps: numSteps, wrong: numWrong } = tally;
    const passed = difference.rms <= limits.rms && difference.max <= limits.max && numWrong === 0 && numSteps > 0;
    return { difference, limits, numSteps, numWrong, passed };
  } finally {
    await source.close();
    gpu.destroy();
  }
}
