/** `completions.create`, in OpenAI's shapes: a text goes on, with no template around it. */
import type { GenerateRequest } from '../../worker/api.ts';
import { ask, headOf, withSignal, type Ask, type NamedModel, type ResourceHost } from './host.ts';
import { completionLogprobs } from './logprobs.ts';
import type {
  Completion,
  CompletionChoice,
  CompletionChunk,
  CompletionCreateParams,
  NonStreaming,
  Streaming,
} from './openai-types.ts';
import { completionOptions, numSamplesOf, refuseUnsupported, textsOrIds } from './parameters.ts';
import { finishReasonOf, gather, inOrder, type Gathered, type RunOptions, type SampleEnd } from './samples.ts';
import { Stream } from './stream.ts';
import { usageOf } from './usage.ts';

/** `engine.completions`. */
export class Completions {
  readonly #host: ResourceHost;

  constructor(host: ResourceHost) {
    this.#host = host;
  }

  /**
   * What comes after each prompt; `stream: true` gives it in pieces.
   * @throws RequestError naming a parameter that is not there or wrong; LinnetError `ModelNotLoaded`, `ContextFull`, `Aborted` ...
   */
  create(params: NonStreaming<CompletionCreateParams>, options?: RunOptions): Promise<Completion>;
  create(params: Streaming<CompletionCreateParams>, options?: RunOptions): Promise<Stream<CompletionChunk>>;
  create(params: CompletionCreateParams, options?: RunOptions): Promise<Completion | Stream<CompletionChunk>>;
  async create(
    params: CompletionCreateParams,
    options: RunOptions = {},
  ): Promise<Completion | Stream<CompletionChunk>> {
    refuseUnsupported('completion', params);
    const model = this.#host.modelOf(params.model);
    const inputs = textsOrIds(params.prompt, 'prompt').map(inputOf);
    const asked: Ask = { inputs, numSamples: numSamplesOf(params), options: completionOptions(params) };
    if (params.stream !== true) return this.#whole(model, asked, options);
    const includeUsage = params.stream_options?.include_usage === true;
    return Stream.open((signal) => this.#pieces(model, asked, withSignal(options, signal), includeUsage));
  }

  async #whole(model: NamedModel, asked: Ask, options: RunOptions): Promise<Completion> {
    const head = headOf('text_completion', 'cmpl', model);
    const samples = await gather(ask(this.#host, model, asked, options));
    const wantsLogprobs = asked.options.sampling?.topLogprobs !== undefined;
    const choiceOf = ({ text, tokens, end }: Gathered, index: number): CompletionChoice => ({
      index,
      text,
      logprobs: wantsLogprobs ? completionLogprobs(tokens, 0) : null,
      finish_reason: finishReasonOf(end),
      seed: end.seed,
      usage: usageOf([end], 1),
    });
    const ends = samples.map(({ end }) => end);
    return { ...head, choices: samples.map(choiceOf), usage: usageOf(ends, asked.numSamples) };
  }

  async *#pieces(
    model: NamedModel,
    asked: Ask,
    options: RunOptions,
    includeUsage: boolean,
  ): AsyncGenerator<CompletionChunk, void> {
    const head = headOf('text_completion', 'cmpl', model);
    const noUsage = includeUsage ? { usage: null } : {};
    const ends = new Map<number, SampleEnd>();
    /** Of each sample, how long the texts of its reported tokens are. */
    const offsets = new Map<number, number>();
    for await (const event of ask(this.#host, model, asked, options)) {
      if (event.kind !== 'text' && event.kind !== 'end') continue;
      const { index, tokens } = event;
      const offset = offsets.get(index) ?? 0;
      offsets.set(
        index,
        tokens.reduce((end, { chosen }) => end + chosen.text.length, offset),
      );
      const logprobs = asked.options.sampling?.topLogprobs === undefined ? null : completionLogprobs(tokens, offset);
      if (event.kind === 'end') ends.set(index, event);
      const [text, finish_reason] = event.kind === 'end' ? ['', finishReasonOf(event)] : [event.text, null];
      yield { ...head, choices: [{ index, text, logprobs, finish_reason }], ...noUsage };
    }
    if (includeUsage) yield { ...head, choices: [], usage: usageOf(inOrder(ends), asked.numSamples) };
  }
}

function inputOf(prompt: string | readonly number[]): GenerateRequest['input'] {
  return typeof prompt === 'string' ? { kind: 'text', text: prompt } : { kind: 'tokens', ids: prompt };
}
