/**
 * Measures a model through the client, as any page could: load cold and warm, the device's limits, prefill, decode. Prompts
 * are random tokens that are new in every repetition, so that no cached prefix answers for the device. Knows no DOM.
 */
import type { LoadedModel, ModelInspection, ModelSource } from '../../worker/api.ts';
import type { EngineClient } from '../client.ts';
import { LinnetError } from '../errors.ts';
import { typesOf } from './limits.ts';
import { summariseBench, type BenchLoads, type BenchResult, type BenchSettings, type Repetition } from './result.ts';

export type BenchClient = Pick<
  EngineClient,
  'info' | 'stats' | 'inspect' | 'load' | 'unload' | 'restart' | 'generate' | 'measureRates'
>;

/** What is being done, for a person who waits. `share` is of the phase, where it is known. */
export interface BenchProgress {
  readonly phase: 'inspect' | 'load' | 'reload' | 'device' | 'fill' | 'warmUp' | 'repeat';
  readonly share?: number | undefined;
}

export interface BenchRun {
  readonly client: BenchClient;
  readonly source: ModelSource;
  readonly settings: BenchSettings;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BenchProgress) => void;
  readonly now: () => Date;
  readonly userAgent: string;
}

/** Tokens beyond the workload: the context is counted in whole blocks. */
const SPARE_TOKENS = 32;
const WARM_UP_TOKENS = 4;

/** @throws LinnetError: what loading and generating can throw; InvalidRequest for a workload longer than the context */
export async function runBench(run: BenchRun): Promise<BenchResult> {
  const { client, source, settings, signal } = run;
  run.onProgress({ phase: 'inspect' });
  const contextLength = settings.kvFill + settings.numPrompt + settings.numGenerate + SPARE_TOKENS;
  const inspection = await client.inspect(source, { contextLength, signal });
  if (inspection.plannedContextLength < contextLength) throw tooLong(contextLength, inspection);
  const { model, load } = await loadTwice(run, contextLength);
  const { device, version } = await client.info();
  if (device === undefined) throw new LinnetError('NoWebGpu', 'The device was lost while it was measured. Try again.');
  const repetitions = await repeat(run, model);
  // Before the device is measured, which takes memory of its own.
  const { lastDecodeStep, peakBufferBytes } = await client.stats();
  run.onProgress({ phase: 'device' });
  const { multiplied } = model.inspection;
  const rates = await client.measureRates(typesOf(multiplied), { signal });
  await client.unload(model.handle);
  const { name, weightType, numParameters, fileBytes } = model.inspection;
  return summariseBench({
    version,
    date: run.now().toISOString(),
    userAgent: run.userAgent,
    device,
    model: { name, weightType, numParameters, fileBytes },
    settings,
    load,
    perToken: lastDecodeStep,
    peakBufferBytes,
    rates,
    multiplied,
    repetitions,
  });
}

/** Each time in a fresh engine: pipelines that were compiled for the first load must not speed up the second. */
async function loadTwice(
  run: BenchRun,
  contextLength: number,
): Promise<{ readonly model: LoadedModel; readonly load: BenchLoads }> {
  const { client, signal } = run;
  const { precision } = run.settings;
  const load = (source: ModelSource, phase: 'load' | 'reload') =>
    client.load(
      { source, contextLength, ...(precision === undefined ? {} : { precision }) },
      {
        signal,
        onProgress: (progress) => {
          const share = progress.totalBytes === undefined ? undefined : progress.doneBytes / progress.totalBytes;
          run.onProgress({ phase, share });
        },
      },
    );
  client.restart();
  const first = await load(run.source, 'load');
  // Of this engine, whose first load it was. The last report of progress may come too late to be heard.
  const { networkBytes } = await client.stats();
  const times = { coldMs: first.timings.totalMs, networkBytes, fromCache: first.inspection.cached };
  const { cacheId } = first;
  const again = cacheId === undefined ? localFile(run.source) : ({ kind: 'cached', id: cacheId } as const);
  if (again === undefined) {
    const { uploadMs, compileMs } = first.timings;
    return { model: first, load: { ...times, warmMs: undefined, uploadMs, compileMs } };
  }
  client.restart();
  const model = await load(again, 'reload');
  const { totalMs, uploadMs, compileMs } = model.timings;
  return { model, load: { ...times, warmMs: totalMs, uploadMs, compileMs } };
}

function localFile(source: ModelSource): ModelSource | undefined {
  return source.kind === 'file' ? source : undefined;
}

async function repeat(run: BenchRun, model: LoadedModel): Promise<readonly Repetition[]> {
  const { client, signal, settings } = run;
  const { numPrompt, numGenerate, kvFill, numRepeats } = settings;
  const fill = randomTokens(kvFill, model.vocabSize, 0);
  const generate = (ids: readonly number[], maxTokens: number) =>
    client.generate(
      {
        model: model.handle,
        input: { kind: 'tokens', ids },
        maxTokens,
        ignoreEos: true,
        sampling: { temperature: 0 },
        // A token a step: the limits are those of that, and random text would be guessed only by chance.
        speculation: 'off',
      },
      { signal },
    );
  if (kvFill > 0) {
    run.onProgress({ phase: 'fill' });
    stopIfAborted((await generate(fill, 1)).finishReason);
  }
  run.onProgress({ phase: 'warmUp' });
  const warmUp = [...fill, ...randomTokens(numPrompt, model.vocabSize, 1)];
  stopIfAborted((await generate(warmUp, Math.min(numGenerate, WARM_UP_TOKENS))).finishReason);
  const repetitions: Repetition[] = [];
  for (let i = 0; i < numRepeats; i++) {
    run.onProgress({ phase: 'repeat', share: i / numRepeats });
    const ids = [...fill, ...randomTokens(numPrompt, model.vocabSize, 2 + i)];
    const { timings, finishReason } = await generate(ids, numGenerate);
    stopIfAborted(finishReason);
    repetitions.push(timings);
  }
  return repetitions;
}

/** Token ids that look random and are the same on every device. */
export function randomTokens(count: number, vocabSize: number, salt: number): readonly number[] {
  let state = (salt * 0x9e3779b9 + 1) >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * vocabSize);
  });
}

function stopIfAborted(reason: string): void {
  if (reason === 'aborted') throw new LinnetError('Aborted', 'The measurement was stopped.');
}

function tooLong(contextLength: number, inspection: ModelInspection): LinnetError {
  return new LinnetError(
    'InvalidRequest',
    `This takes ${String(contextLength)} tokens of context, and ${inspection.name} has ${String(inspection.plannedContextLength)}. Choose fewer.`,
  );
}
