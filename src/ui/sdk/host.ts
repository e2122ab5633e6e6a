/**
 * What the resources (chat, completions, embeddings) need of the engine that they belong to, and what they do alike: one request
 * of OpenAI's, which is one or several samples, and the head of its answer. Knows no shape in particular.
 */
import type { GenerateRequest, LoadedModel } from '../../worker/api.ts';
import type { EngineClient } from '../client.ts';
import { randomId } from '../ids.ts';
import type { SampleOptions } from './parameters.ts';
import { runSamples, type RunOptions, type SampleEvent } from './samples.ts';

/** A loaded model, with what requests need of it. */
export interface NamedModel {
  /** What requests call it. */
  readonly id: string;
  readonly loaded: LoadedModel;
  /** When it was loaded, in seconds since the epoch. */
  readonly created: number;
}

export interface ResourceHost {
  readonly client: EngineClient;
  /** @throws ModelNotLoaded; InvalidRequest where no id is given and not just one model is loaded */
  modelOf(id: string | undefined): NamedModel;
}

/** The inputs, `numSamples` samples of each. */
export interface Ask {
  readonly inputs: readonly GenerateRequest['input'][];
  readonly numSamples: number;
  readonly options: SampleOptions;
}

export interface AnswerHead<K extends string> {
  id: string;
  object: K;
  created: number;
  model: string;
}

const MAX_U32 = 0xffffffff;

export function headOf<K extends string>(object: K, prefix: string, model: NamedModel): AnswerHead<K> {
  return { id: `${prefix}-${randomId()}`, object, created: secondsNow(), model: model.id };
}

export function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

/** Sample `i` of input `p` has the index `p * numSamples + i`. */
export function ask(
  { client }: ResourceHost,
  { loaded }: NamedModel,
  { inputs, numSamples, options }: Ask,
  run: RunOptions,
): AsyncGenerator<SampleEvent, void> {
  const requests = inputs.flatMap((input) => {
    const request = client.newRequestId();
    return Array.from({ length: numSamples }, (_, i) => {
      const sample = { ...withSeed(options, i), input, model: loaded.handle };
      return i === 0 ? { ...sample, request } : { ...sample, samePromptAs: request };
    });
  });
  return runSamples(client, requests, run);
}

function withSeed(options: SampleOptions, sample: number): SampleOptions {
  const { sampling } = options;
  if (sampling?.seed === undefined || sample === 0) return options;
  return { ...options, sampling: { ...sampling, seed: (sampling.seed + sample) % (MAX_U32 + 1) } };
}

/** The run's options, with a second signal. */
export function withSignal(run: RunOptions, signal: AbortSignal): RunOptions {
  return { ...run, signal: run.signal === undefined ? signal : AbortSignal.any([run.signal, signal]) };
}
