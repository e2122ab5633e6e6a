/**
 * What the engine remembers of conversations besides their cache: the text and ids that the cache stands for, how many turns had to
 * be left out, and how the last answer was drawn. From a request it makes a prompt that goes on from there. Knows no GPU and no scheduler.
 */
import type { GenerateRequest, SamplingParams } from '../api.ts';
import { LinnetError } from '../errors.ts';
import { asSamplingParams } from '../sampling/params.ts';
import type { RenderedIds } from '../text/conversation.ts';
import type { Generation } from './generation.ts';
import { continuedPrompt, makePrompt, type Prompt } from './prompt.ts';
import type { TextModel } from './text-model.ts';
import type { TokenId } from '../tokens.ts';

/** A conversation behind its last answer. */
export interface Remembered {
  /** Prompt and answer. */
  readonly tokens: readonly TokenId[];
  /** Tokens that the last answer began behind; where it went on with one before, where that began. */
  readonly numPromptTokens: number;
  /** What the first `numTextTokens` stand for; undefined for a prompt given as ids. */
  readonly text: string | undefined;
  readonly numTextTokens: number;
  readonly numDroppedTurns: number;
  /** Stop texts of the template's layout. */
  readonly stop: readonly string[];
  readonly sampling: SamplingParams;
  /** No tools and no grammar had a part in the last answer, so that it may go on. */
  readonly isPlain: boolean;
}

/** More are forgotten, the one used longest ago first. */
export const MAX_CONVERSATIONS = 64;
/** Room a reply should have at least, where oldest turns may be left out for it. */
const REPLY_RESERVE = 128;

export class Conversations {
  readonly #model: TextModel;
  readonly #contextLength: number;
  readonly #nowMs: () => number;
  readonly #remembered = new Map<string, Remembered>();

  constructor(model: TextModel, contextLength: number, nowMs: () => number) {
    this.#model = model;
    this.#contextLength = contextLength;
    this.#nowMs = nowMs;
  }

  /** The name of a request's conversation among those of all clients. */
  static keyOf({ client, conversation }: GenerateRequest): string | undefined {
    return conversation === undefined ? undefined : `${client}/${conversation}`;
  }

  /** @throws InvalidRequest, TemplateFailed, ContextFull */
  promptFor(request: GenerateRequest): Prompt {
    const remembered = this.#of(request);
    if (request.input.kind === 'continue') {
      if (remembered === undefined) throw unknownConversation(request.conversation);
      return continuedPrompt(request, remembered, this.#model);
    }
    return makePrompt(request, this.#model, {
      maxTokens: this.#contextLength - this.#reserveFor(request),
      previous: remembered && renderedOf(remembered),
      now: new Date(this.#nowMs()),
      numDroppedTurns: remembered?.numDroppedTurns ?? 0,
    });
  }

  /** A shorter prompt for an answer that has filled the context; undefined when the policy or the room has none. */
  shorterPrompt({ request, prompt, generated }: Generation): Prompt | undefined {
    if (request.overflow !== 'dropOldestTurns' || request.input.kind !== 'chat') return undefined;
    const room = this.#contextLength - generated.length - this.#reserveFor({ ...request, maxTokens: REPLY_RESERVE });
    const shorter = makePrompt(request, this.#model, {
      maxTokens: Math.min(room, prompt.ids.length - 1),
      previous: prompt.text === undefined ? undefined : { text: prompt.text, ids: prompt.ids },
      now: new Date(this.#nowMs()),
      numDroppedTurns: prompt.numDroppedTurns,
    });
    return shorter;
  }

  /** With which an answer is drawn that goes on; undefined for all others. */
  samplingFor(request: GenerateRequest): SamplingParams | undefined {
    return request.input.kind === 'continue' ? this.#of(request)?.sampling : undefined;
  }

  remember({ request, prompt, generated, rendered, params }: Generation): void {
    const key = Conversations.keyOf(request);
    if (key === undefined) return;
    this.set(key, {
      tokens: [...prompt.ids, ...generated],
      numPromptTokens: prompt.ids.length - (prompt.numAnswered ?? 0),
      text: rendered?.text,
      numTextTokens: rendered?.ids.length ?? 0,
      numDroppedTurns: prompt.numDroppedTurns,
      stop: prompt.stop,
      sampling: asSamplingParams(params),
      isPlain: prompt.tools === undefined && request.grammar === undefined,
    });
  }

  get(key: string): Remembered | undefined {
    return this.#remembered.get(key);
  }

  set(key: string, remembered: Remembered): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, remembered);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MAX_CONVERSATIONS) break;
      this.#remembered.delete(oldest);
    }
  }

  forget(key: string): void {
    this.#remembered.delete(key);
  }

  #of(request: GenerateRequest): Remembered | undefined {
    const key = Conversations.keyOf(request);
    return key === undefined ? undefined : this.#remembered.get(key);
  }

  #reserveFor(request: GenerateRequest): number {
    if (request.overflow !== 'dropOldestTurns') return 0;
    return Math.min(REPLY_RESERVE, request.maxTokens ?? REPLY_RESERVE, Math.floor(this.#contextLength / 4));
  }
}

function renderedOf({ tokens, text, numTextTokens }: Remembered): RenderedIds | undefined {
  return text === undefined ? undefined : { text, ids: tokens.slice(0, numTextTokens) };
}

export function unknownConversation(conversation: string | undefined): LinnetError {
  const which =
    conversation === undefined ? 'No conversation is named' : `There is no conversation ${conversation} here`;
  return new LinnetError('InvalidRequest', `${which}: nothing has been answered in it, or it was forgotten.`);
}
