/**
 * What the engine remembers of conversations besides their cache: the text and ids that the cache stands for, and how many
 * turns had to be left out. From a request it makes a prompt that goes on from there. Knows no GPU and no scheduler.
 */
import type { GenerateRequest } from '../api.ts';
import type { RenderedIds } from '../text/conversation.ts';
import type { Generation } from './generation.ts';
import { makePrompt, type Prompt } from './prompt.ts';
import type { TextModel } from './text-model.ts';

interface Remembered {
  readonly rendered: RenderedIds;
  readonly numDroppedTurns: number;
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
    const key = Conversations.keyOf(request);
    const remembered = key === undefined ? undefined : this.#remembered.get(key);
    return makePrompt(request, this.#model, {
      maxTokens: this.#contextLength - this.#reserveFor(request),
      previous: remembered?.rendered,
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

  remember(generation: Generation): void {
    const key = Conversations.keyOf(generation.request);
    const { rendered } = generation;
    if (key === undefined || rendered === undefined) return;
    this.#remembered.delete(key);
    this.#remembered.set(key, { rendered, numDroppedTurns: generation.prompt.numDroppedTurns });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MAX_CONVERSATIONS) break;
      this.#remembered.delete(oldest);
    }
  }

  forget(key: string): void {
    this.#remembered.delete(key);
  }

  #reserveFor(request: GenerateRequest): number {
    if (request.overflow !== 'dropOldestTurns') return 0;
    return Math.min(REPLY_RESERVE, request.maxTokens ?? REPLY_RESERVE, Math.floor(this.#contextLength / 4));
  }
}
