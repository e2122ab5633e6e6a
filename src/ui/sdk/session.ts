/**
 * A conversation as an object: what was said in it, as messages or as one text, and the name by which the engine knows what was
 * computed of it. It is asked, forked, saved as bytes and restored from them. One answer at a time. Knows no shape of OpenAI's.
 */
import type {
  ChatMessage,
  ConversationId,
  GenerateRequest,
  ModelHandle,
  RestoredConversation,
} from '../../worker/api.ts';
import type { CallOptions, EngineClient } from '../client.ts';
import { LinnetError } from '../errors.ts';
import { randomId } from '../ids.ts';
import type { Answer, GenerateOptions } from './answer.ts';

/** How a session begins. */
export interface SessionOptions {
  /** What the engine knows it by: the `prompt_cache_key` of requests in OpenAI's shape. Default: one of its own. */
  readonly id?: ConversationId;
  /** What was said before: a system message, or a history. */
  readonly messages?: readonly ChatMessage[];
}

export interface RestoreOptions extends CallOptions {
  /** The bytes are handed over instead of copied: the array is empty then. A Blob is never copied. */
  readonly transfer?: boolean;
}

/** What an answer is told, but for the conversation. */
export type TurnOptions = Omit<GenerateOptions, 'conversation'>;

/** What a session needs of its model. */
export interface SessionHost {
  readonly client: EngineClient;
  readonly model: ModelHandle;
  /** Begins an answer. */
  readonly generate: (input: GenerateRequest['input'], options: GenerateOptions) => Answer;
}

/** A session goes on in messages or in text, whichever it began with. */
interface Said {
  readonly messages: readonly ChatMessage[];
  readonly text: string;
}

/** A conversation with a model that can be forked, saved and restored. Its answers stay cached; one at a time is written. */
export class Session {
  readonly id: ConversationId;
  /** What the engine said of the bytes, of a session that was restored. */
  readonly restored: RestoredConversation | undefined;
  readonly #host: SessionHost;
  #said: Said;
  /** The engine knows of it. */
  #isKnown: boolean;
  #answering: Promise<unknown> | undefined;

  /** `Model.session` and `Model.restore` make sessions. */
  constructor(
    host: SessionHost,
    { id, messages = [] }: SessionOptions = {},
    restored?: RestoredConversation,
    text = '',
  ) {
    this.id = id ?? randomId();
    this.restored = restored;
    this.#host = host;
    this.#said = { messages, text };
    this.#isKnown = id !== undefined || restored !== undefined;
  }

  /** @throws LinnetError `SessionInvalid`, `ContextFull`, `Aborted` ... */
  static async restore(
    host: SessionHost,
    bytes: Uint8Array<ArrayBuffer> | Blob,
    options: RestoreOptions,
  ): Promise<Session> {
    const id = randomId();
    const restored = await host.client.restoreConversation({ model: host.model, conversation: id, bytes }, options);
    const { messages, text } = saidIn(restored.note);
    return new Session(host, { id, messages }, restored, text);
  }

  /** All that was said, the answers too. */
  get messages(): readonly ChatMessage[] {
    return this.#said.messages;
  }

  /** The same of a session that goes on as a text. */
  get text(): string {
    return this.#said.text;
  }

  /** Says something, and gives the answer. What was said is kept when the answer is over, however it ended, unless it failed. */
  chat(content: string | readonly ChatMessage[], options: TurnOptions = {}): Answer {
    this.#refuseMixing('chat', this.text !== '');
    const said = typeof content === 'string' ? [{ role: 'user', content } as const] : content;
    const messages = [...this.messages, ...said];
    return this.#ask({ kind: 'chat', messages }, options, (answer) => ({
      messages: [...messages, { role: 'assistant', content: answer }],
      text: '',
    }));
  }

  /** Adds a text, and gives what comes after it, with no template around it. */
  complete(text: string, options: TurnOptions = {}): Answer {
    this.#refuseMixing('complete', this.messages.length > 0);
    const all = this.text + text;
    return this.#ask({ kind: 'text', text: all }, options, (answer) => ({ messages: [], text: all + answer }));
  }

  /** Goes on with the last answer where it ended (`maxTokens`, an abort), as if it had not: drawn as it was, from the same seed. */
  continue(options: TurnOptions = {}): Answer {
    const { messages, text } = this.#said;
    const last = messages.at(-1);
    return this.#ask({ kind: 'continue' }, options, (answer) =>
      last?.role === 'assistant'
        ? { messages: [...messages.slice(0, -1), { ...last, content: last.content + answer }], text }
        : { messages, text: messages.length > 0 ? text : text + answer },
    );
  }

  /** A second session that goes on from where this one is, when its answer is over. What was computed is shared. */
  async fork(): Promise<Session> {
    await this.#settled();
    const fork = new Session(this.#host, { messages: this.messages }, undefined, this.text);
    if (!this.#isKnown) return fork;
    const { client, model } = this.#host;
    await client.forkConversation({ model, conversation: this.id, asNew: fork.id });
    fork.#isKnown = true;
    return fork;
  }

  /**
   * All of it as bytes, when its answer is over: what was said and what was computed. For `Model.restore`, in this page or another, of
   * the same file with the same `kvType` and `precision`.
   */
  async save(options: CallOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    await this.#settled();
    const { client, model } = this.#host;
    const note = JSON.stringify(this.#said);
    const { bytes } = await client.saveConversation({ model, conversation: this.id, note }, options);
    return bytes;
  }

  /** The engine forgets it; what was computed makes room. What was said is still here. */
  async close(): Promise<void> {
    await this.#settled();
    this.#isKnown = false;
    await this.#host.client.forgetConversation(this.id);
  }

  #ask(input: GenerateRequest['input'], options: TurnOptions, saidBehind: (answer: string) => Said): Answer {
    if (this.#answering !== undefined)
      throw new LinnetError('InvalidRequest', 'A session gives one answer at a time: await the last one.');
    const answer = this.#host.generate(input, { ...options, conversation: this.id });
    this.#answering = answer.result.then(
      ({ text }) => {
        this.#said = saidBehind(text);
        this.#isKnown = true;
        this.#answering = undefined;
      },
      () => {
        this.#answering = undefined;
      },
    );
    const settled = this.#answering;
    const result = answer.result.finally(() => settled);
    // Whoever only reads the text is told there.
    result.catch(() => undefined);
    return {
      result,
      async *[Symbol.asyncIterator]() {
        try {
          yield* answer;
        } finally {
          // Also where the loop is left, so that the next answer may be asked for.
          await settled;
        }
      },
    };
  }

  async #settled(): Promise<void> {
    await this.#answering;
  }

  #refuseMixing(what: string, isOther: boolean): void {
    if (!isOther) return;
    const message = `${what}: this session goes on in the other way that it began with; make another session.`;
    throw new LinnetError('InvalidRequest', message);
  }
}

/** @throws SessionInvalid for bytes that were not saved by a session */
function saidIn(note: string | undefined): Said {
  try {
    const said: unknown = JSON.parse(note ?? '');
    if (isSaid(said)) return said;
  } catch {
    // Told below.
  }
  throw new LinnetError('SessionInvalid', 'These bytes were saved without what was said: restore them by the client.');
}

function isSaid(value: unknown): value is Said {
  if (typeof value !== 'object' || value === null || !('messages' in value) || !('text' in value)) return false;
  return Array.isArray(value.messages) && typeof value.text === 'string';
}
