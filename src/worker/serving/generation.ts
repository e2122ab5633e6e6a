/**
 * One generation from its first token to its end: text out of tokens, stop strings, limits, events. Told of each token,
 * it says whether to go on. Pure but for the events it hands to its listener; knows no GPU and no scheduler.
 */
import type {
  FinishReason,
  GenerateRequest,
  GenerationEvent,
  GenerationResult,
  TokenLogprob,
  ToolCall,
} from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { ResolvedSamplingParams } from '../sampling/params.ts';
import { createReplyDetokenizer } from '../text/conversation.ts';
import { createDetokenizer, type Detokenizer } from '../text/detokenizer.ts';
import { createStopMatcher, type StopMatcher } from '../text/stop-matcher.ts';
import type { ParsedEvent, ToolParser } from '../tools/tool-parser.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import { paramsAt } from './forced-tokens.ts';
import { shownMarks, type Prompt } from './prompt.ts';
import type { TextModel } from './text-model.ts';

/** What came back from the sampler for one token. */
export interface DrawnToken {
  readonly id: number;
  /** Not 0: the logits were not numbers. */
  readonly status: number;
  readonly logprob: number;
  readonly top: readonly { readonly id: number; readonly logprob: number }[];
}

export class Generation {
  readonly request: GenerateRequest;
  readonly params: ResolvedSamplingParams;
  prompt: Prompt;
  readonly generated: TokenId[] = [];
  readonly #model: TextModel;
  readonly #detokenizer: Detokenizer;
  readonly #stop: StopMatcher;
  readonly #tools: ToolParser | undefined;
  readonly #emit: (event: GenerationEvent) => void;
  /** All that was generated, stop strings and all: what the ids stand for. */
  #raw = '';
  #text = '';
  #numSteps = 0;
  #numDraftTokens = 0;
  #numForcedTokens = 0;

  constructor(
    request: GenerateRequest,
    params: ResolvedSamplingParams,
    prompt: Prompt,
    model: TextModel,
    emit: (event: GenerationEvent) => void,
    tools?: ToolParser,
  ) {
    this.request = request;
    this.params = params;
    this.prompt = prompt;
    this.#model = model;
    this.#tools = tools;
    const { stop = [] } = prompt.tools?.format ?? {};
    const special = shownMarks(prompt, model.tokenizer);
    const numAsked = prompt.ids.length - (prompt.numAnswered ?? 0);
    // A grammar is about every character, a space at the start too.
    this.#detokenizer =
      request.grammar === undefined
        ? createReplyDetokenizer(model.tokenizer, prompt.ids.slice(0, numAsked), special)
        : createDetokenizer(model.tokenizer, { special });
    // A character may have begun in the answer that goes on.
    for (const id of prompt.ids.slice(numAsked)) this.#detokenizer.push(id);
    this.#stop = createStopMatcher([...(request.stop ?? []), ...prompt.stop, ...stop]);
    this.#emit = emit;
  }

  /** The text as shown: without what a stop string cut off, and without calls of tools. */
  get text(): string {
    return this.#text;
  }

  /** Whole calls of tools. */
  get toolCalls(): readonly ToolCall[] {
    return this.#tools?.calls ?? [];
  }

  /** How many more tokens the request allows. */
  get numTokensLeft(): number {
    return (this.request.maxTokens ?? Infinity) - this.generated.length;
  }

  get speculation(): GenerationResult['speculation'] {
    return {
      numSteps: this.#numSteps,
      numDraftTokens: this.#numDraftTokens,
      numAcceptedTokens: this.generated.length - this.#numSteps - this.#numForcedTokens,
    };
  }

  /** Tokens that were not drawn. */
  get numForcedTokens(): number {
    return this.#numForcedTokens;
  }

  /** Prompt and reply as text, with the ids that stand for it; undefined for a prompt given as ids. */
  get rendered(): { readonly text: string; readonly ids: readonly TokenId[] } | undefined {
    if (this.prompt.text === undefined) return undefined;
    return { text: this.prompt.text + this.#raw, ids: [...this.prompt.ids, ...this.#generatedText()] };
  }

  /** With which the token at a position behind the prompt is drawn. */
  paramsAt(position: number): ResolvedSamplingParams {
    return paramsAt(this.params, this.request, position - this.prompt.ids.length);
  }

  /** A step gave tokens, which are taken next, and verified so many guesses. */
  countStep(numDraftTokens: number): void {
    this.#numSteps += 1;
    this.#numDraftTokens += numDraftTokens;
  }

  /** Takes a next token that nobody drew, since no other was allowed; the reason to finish, if there is one. */
  acceptForced(id: TokenId): FinishReason | undefined {
    this.#numForcedTokens += 1;
    return this.accept({ id, status: 0, logprob: 0, top: [] });
  }

  /** Takes the next token; the reason to finish, if there is one. @throws Internal when the GPU computed no numbers. */
  accept(drawn: DrawnToken): FinishReason | undefined {
    if (drawn.status !== 0) {
      throw new LinnetError(
        'Internal',
        'The GPU computed something that is not a number. Load the model again; if it stays so, report it with the device panel’s text.',
      );
    }
    const { tokenizer } = this.#model;
    const id = tokenId(drawn.id);
    this.generated.push(id);
    const isEnd = tokenizer.isEndOfGeneration(id) && this.request.ignoreEos !== true;
    this.#emitLogprobs(drawn, isEnd);
    if (isEnd) return 'stop';
    const piece = this.#detokenizer.push(id);
    this.#raw += piece;
    const { text, stopped } = this.#stop.push(piece);
    this.#show(text);
    if (stopped || this.#tools?.isDone === true) return 'stop';
    return this.numTokensLeft <= 0 ? 'length' : undefined;
  }

  /** Hands out what was held back, at the end. */
  finish(): void {
    const rest = this.#detokenizer.flush();
    this.#raw += rest;
    const { text, stopped } = this.#stop.push(rest);
    this.#show(text);
    if (!stopped) this.#show(this.#stop.flush());
    for (const event of this.#tools?.end() ?? []) this.#tell(event);
  }

  emit(event: GenerationEvent): void {
    this.#emit(event);
  }

  /** The generated ids that have a text: all but an end token. */
  #generatedText(): readonly TokenId[] {
    const last = this.generated.at(-1);
    const endsWithEnd =
      last !== undefined && this.#model.tokenizer.isEndOfGeneration(last) && this.request.ignoreEos !== true;
    return endsWithEnd ? this.generated.slice(0, -1) : this.generated;
  }

  #show(text: string): void {
    if (text === '') return;
    if (this.#tools === undefined) this.#tell({ kind: 'text', text });
    else for (const event of this.#tools.push(text)) this.#tell(event);
  }

  #tell(event: ParsedEvent): void {
    if (event.kind === 'text') this.#text += event.text;
    this.#emit(event.kind === 'text' ? { kind: 'delta', text: event.text } : event);
  }

  #emitLogprobs(drawn: DrawnToken, isEnd: boolean): void {
    if (this.params.topLogprobs === undefined) return;
    const { tokenizer } = this.#model;
    const describe = ({ id, logprob }: { readonly id: number; readonly logprob: number }): TokenLogprob => {
      const bytes = tokenizer.decodeBytes(tokenId(id), { special: true });
      return { token: id, text: new TextDecoder().decode(bytes), bytes: [...bytes], logprob };
    };
    this.#emit({ kind: 'logprobs', chosen: describe(drawn), top: drawn.top.map(describe), isEnd });
  }
}
