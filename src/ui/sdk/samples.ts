/**
 * Several generations as one run of events, each with the index of its sample: text with the tokens it is made of, and ends.
 * Whole answers and streams are made of the same events, so that they say the same. Knows no shape of OpenAI's.
 */
import type { GenerationEvent, GenerationResult, TokenLogprob } from '../../worker/api.ts';
import type { CallOptions, EngineClient, Generation } from '../client.ts';
import { abortedError } from '../errors.ts';
import { Queue } from './queue.ts';

export interface TokenReport {
  readonly chosen: TokenLogprob;
  readonly top: readonly TokenLogprob[];
}

export interface SampleEnd {
  readonly result: GenerationResult;
  readonly seed: number;
}

/** What a request of OpenAI's shapes may be told besides its parameters. */
export interface RunOptions extends CallOptions {
  /** Told of everything that a generation says, as it says it: progress of the prompt, notes. `index` is the sample's. */
  readonly onEvents?: (events: readonly GenerationEvent[], index: number) => void;
}

export type SampleEvent =
  /** The prompt is accepted. */
  | { readonly kind: 'start'; readonly index: number }
  /** `tokens`: reported since the last event of this sample, where log-probabilities were asked for; the end token is not among them. */
  | {
      readonly kind: 'text';
      readonly index: number;
      readonly text: string;
      readonly tokens: readonly TokenReport[];
    }
  /** The sample calls a tool: its `call`th call, whose arguments follow in pieces. */
  | {
      readonly kind: 'toolCall';
      readonly index: number;
      readonly call: number;
      readonly id: string;
      readonly name: string;
      readonly tokens: readonly TokenReport[];
    }
  | {
      readonly kind: 'toolArguments';
      readonly index: number;
      readonly call: number;
      readonly text: string;
      readonly tokens: readonly TokenReport[];
    }
  /** `tokens`: those behind the last text, which have none of their own. */
  | ({ readonly kind: 'end'; readonly index: number; readonly tokens: readonly TokenReport[] } & SampleEnd);

/**
 * Runs them at the same time. Leaving the loop aborts what still runs.
 * @throws LinnetError in the loop: `Aborted` when the signal is, otherwise what the first generation failed with
 */
export async function* runSamples(
  client: EngineClient,
  requests: readonly Generation[],
  { signal, onEvents }: RunOptions,
): AsyncGenerator<SampleEvent, void> {
  const abort = new AbortController();
  const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
  const queue = new Queue<SampleEvent>();
  const runs = requests.map((request, index) => {
    const tell = (events: readonly GenerationEvent[]) => onEvents?.(events, index);
    return runSample(client, request, { index, signal: either, queue, tell });
  });
  void Promise.all(runs).then(
    () => {
      queue.end();
    },
    (error: unknown) => {
      queue.fail(error);
    },
  );
  try {
    yield* queue.drain();
  } finally {
    abort.abort();
    // Nothing is left running behind the loop.
    await Promise.allSettled(runs);
  }
}

interface SampleRun {
  readonly index: number;
  readonly signal: AbortSignal;
  readonly queue: Queue<SampleEvent>;
  readonly tell: (events: readonly GenerationEvent[]) => void;
}

async function runSample(
  client: EngineClient,
  request: Generation,
  { index, signal, queue, tell }: SampleRun,
): Promise<void> {
  let tokens: TokenReport[] = [];
  let seed = 0;
  const take = (event: GenerationEvent): void => {
    if (event.kind === 'started') {
      seed = event.seed;
      queue.push({ kind: 'start', index });
    }
    if (event.kind === 'logprobs' && !event.isEnd) tokens.push(event);
    const told = toldOf(event);
    if (told === undefined) return;
    queue.push({ ...told, index, tokens });
    tokens = [];
  };
  const result = await client.generate(request, {
    signal,
    onEvents: (events) => {
      events.forEach(take);
      tell(events);
    },
  });
  if (result.finishReason === 'aborted') throw abortedError();
  queue.push({ kind: 'end', index, tokens, result, seed });
}

/** What an event says that is a part of the answer. */
function toldOf(event: GenerationEvent) {
  if (event.kind === 'delta') return { kind: 'text', text: event.text } as const;
  if (event.kind === 'toolCall')
    return { kind: 'toolCall', call: event.index, id: event.id, name: event.name } as const;
  if (event.kind === 'toolArguments') return { kind: 'toolArguments', call: event.index, text: event.text } as const;
  return undefined;
}

/** A whole sample. */
export interface Gathered {
  readonly text: string;
  readonly tokens: readonly TokenReport[];
  readonly end: SampleEnd;
}

/** All samples, by their index. */
export async function gather(events: AsyncIterable<SampleEvent>): Promise<readonly Gathered[]> {
  const texts = new Map<number, string>();
  const tokens = new Map<number, TokenReport[]>();
  const ends = new Map<number, SampleEnd>();
  for await (const event of events) {
    const { index } = event;
    if (event.kind === 'start') continue;
    tokens.set(index, [...(tokens.get(index) ?? []), ...event.tokens]);
    if (event.kind === 'text') texts.set(index, (texts.get(index) ?? '') + event.text);
    if (event.kind === 'end') ends.set(index, event);
  }
  return inOrder(ends).map((end, index) => ({
    text: texts.get(index) ?? '',
    tokens: tokens.get(index) ?? [],
    end,
  }));
}

export function inOrder<T>(byIndex: ReadonlyMap<number, T>): readonly T[] {
  return [...byIndex].sort(([one], [other]) => one - other).map(([, value]) => value);
}

/** A sample that was aborted has no end: it is thrown. */
export function finishReasonOf({ result }: SampleEnd): 'stop' | 'length' {
  return result.finishReason === 'length' ? 'length' : 'stop';
}
