/** `chat.completions.create`, in OpenAI's shapes. Knows no streams of bytes, and no engine but through its host. */
import { ask, headOf, withSignal, type Ask, type NamedModel, type ResourceHost } from './host.ts';
import { chatLogprobs } from './logprobs.ts';
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
  ChatFinishReason,
  NonStreaming,
  Streaming,
} from './openai-types.ts';
import { messagesOf } from './messages.ts';
import { chatOptions, numSamplesOf, refuseUnsupported } from './parameters.ts';
import { finishReasonOf, gather, inOrder, type Gathered, type RunOptions, type SampleEnd } from './samples.ts';
import { Stream } from './stream.ts';
import { toolCallDelta, toolCallsOf, toolUseOf } from './tools.ts';
import { usageOf } from './usage.ts';

/** `engine.chat.completions`. */
export class ChatCompletions {
  readonly #host: ResourceHost;

  constructor(host: ResourceHost) {
    this.#host = host;
  }

  /**
   * The next message of a conversation, in the model's own chat template; `stream: true` gives it in pieces.
   * @throws RequestError naming a parameter that is not there or wrong; LinnetError `ModelNotLoaded`, `ContextFull`, `Aborted` ...
   */
  create(params: NonStreaming<ChatCompletionCreateParams>, options?: RunOptions): Promise<ChatCompletion>;
  create(params: Streaming<ChatCompletionCreateParams>, options?: RunOptions): Promise<Stream<ChatCompletionChunk>>;
  create(
    params: ChatCompletionCreateParams,
    options?: RunOptions,
  ): Promise<ChatCompletion | Stream<ChatCompletionChunk>>;
  async create(
    params: ChatCompletionCreateParams,
    options: RunOptions = {},
  ): Promise<ChatCompletion | Stream<ChatCompletionChunk>> {
    refuseUnsupported('chat', params);
    const model = this.#host.modelOf(params.model);
    const toolUse = toolUseOf(params, model.loaded);
    const chat = { kind: 'chat', messages: messagesOf(params.messages) } as const;
    const asked: Ask = {
      inputs: [toolUse === undefined ? chat : { ...chat, toolUse }],
      numSamples: numSamplesOf(params),
      options: chatOptions(params),
    };
    if (params.stream !== true) return this.#whole(model, asked, options);
    const includeUsage = params.stream_options?.include_usage === true;
    return Stream.open((signal) => this.#pieces(model, asked, withSignal(options, signal), includeUsage));
  }

  async #whole(model: NamedModel, asked: Ask, options: RunOptions): Promise<ChatCompletion> {
    const head = headOf('chat.completion', 'chatcmpl', model);
    const samples = await gather(ask(this.#host, model, asked, options));
    const wantsLogprobs = asked.options.sampling?.topLogprobs !== undefined;
    const choiceOf = ({ text, tokens, end }: Gathered, index: number): ChatCompletion['choices'][number] => ({
      index,
      message: { role: 'assistant', ...saidBy(text, end), refusal: null },
      logprobs: wantsLogprobs ? chatLogprobs(tokens) : null,
      finish_reason: chatFinishReasonOf(end),
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
  ): AsyncGenerator<ChatCompletionChunk, void> {
    const head = headOf('chat.completion.chunk', 'chatcmpl', model);
    const noUsage = includeUsage ? { usage: null } : {};
    const ends = new Map<number, SampleEnd>();
    const wantsLogprobs = asked.options.sampling?.topLogprobs !== undefined;
    for await (const event of ask(this.#host, model, asked, options)) {
      const { index } = event;
      const logprobs = wantsLogprobs && event.kind !== 'start' ? chatLogprobs(event.tokens) : null;
      const choice = { index, logprobs, finish_reason: null };
      switch (event.kind) {
        case 'start':
          yield { ...head, choices: [{ ...choice, delta: { role: 'assistant', content: '' } }], ...noUsage };
          break;
        case 'text':
          yield { ...head, choices: [{ ...choice, delta: { content: event.text } }], ...noUsage };
          break;
        case 'toolCall':
        case 'toolArguments':
          yield { ...head, choices: [{ ...choice, delta: { tool_calls: [toolCallDelta(event)] } }], ...noUsage };
          break;
        case 'end':
          ends.set(index, event);
          yield { ...head, choices: [{ ...choice, delta: {}, finish_reason: chatFinishReasonOf(event) }], ...noUsage };
      }
    }
    if (includeUsage) yield { ...head, choices: [], usage: usageOf(inOrder(ends), asked.numSamples) };
  }
}

function saidBy(
  text: string,
  { result }: SampleEnd,
): Pick<ChatCompletion['choices'][number]['message'], 'content' | 'tool_calls'> {
  const { toolCalls = [] } = result;
  if (toolCalls.length === 0) return { content: text };
  return { content: text === '' ? null : text, tool_calls: toolCallsOf(toolCalls) };
}

function chatFinishReasonOf(end: SampleEnd): ChatFinishReason {
  return end.result.finishReason === 'toolCalls' ? 'tool_calls' : finishReasonOf(end);
}
