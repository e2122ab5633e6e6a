/**
 * Sends a conversation to the engine and brings the answer back into the state. One answer at a time. It knows nothing of
 * how models are loaded; the model to ask is the one the phase says is there.
 */
import type { LoadedModel } from '../../worker/api.ts';
import type { EngineClient } from '../client.ts';
import { toFailure } from '../errors.ts';
import type { ConversationActions } from './actions.ts';
import { saidText } from './answer-parts.ts';
import { loadedModel, type AppState } from './app-state.ts';
import {
  applyEvents,
  ask,
  editTurn,
  emptyConversation,
  failAnswer,
  finishAnswer,
  isAnswering,
  markStopping,
  regenerate,
  toMessages,
  toText,
  withContext,
  type Conversation,
} from './conversation.ts';
import { fitText } from './fit-text.ts';
import { toSamplingParams } from './settings.ts';
import type { Store } from './store.ts';
import { showVersion } from './branches.ts';

export interface ConversationControllerOptions {
  readonly client: EngineClient;
  readonly store: Store<AppState>;
  readonly newId: () => string;
  /** The conversation on the screen is about to leave it. */
  readonly onLeave?: () => void;
  /** What the page that the chat stands in wants the model to know; read at each question. Empty: nothing. */
  readonly readContext?: () => string;
}

export class ConversationController {
  readonly #client: EngineClient;
  readonly #store: Store<AppState>;
  readonly #newId: () => string;
  readonly #onLeave: () => void;
  readonly #readContext: () => string;
  #task = new AbortController();

  constructor(options: ConversationControllerOptions) {
    this.#client = options.client;
    this.#store = options.store;
    this.#newId = options.newId;
    this.#onLeave = options.onLeave ?? (() => undefined);
    this.#readContext = options.readContext ?? (() => '');
  }

  readonly actions: ConversationActions = {
    send: (text) => {
      const question = text.trim();
      const { attachments } = this.#store.state;
      if (question === '' && attachments.length === 0) return;
      if (this.#answersNow) this.#store.update((state) => ({ ...state, attachments: [] }));
      void this.#answer((conversation) => ask(conversation, question, attachments));
    },
    stop: () => {
      this.#task.abort();
      this.#change(markStopping);
    },
    regenerate: () => void this.#answer(regenerate),
    edit: (id, text) => {
      const question = text.trim();
      if (question !== '') void this.#answer((conversation) => editTurn(conversation, id, question));
    },
    newChat: () => {
      this.show(emptyConversation(this.#newId()));
    },
    showVersion: (id) => {
      if (!isAnswering(this.#store.state.conversation)) this.#change((conversation) => showVersion(conversation, id));
    },
  };

  /** Another conversation on the screen; what was being answered in this one ends. */
  show(conversation: Conversation): void {
    this.#onLeave();
    this.#task.abort();
    const { id } = this.#store.state.conversation;
    this.#store.update((state) => ({ ...state, conversation }));
    // The engine drops a forgotten conversation's cache by itself sooner or later; a failure here loses nothing.
    this.#client.forgetConversation(id).catch(() => undefined);
  }

  /** Whether a question would be asked at once; else it is not asked at all. */
  get #answersNow(): boolean {
    const { phase, conversation } = this.#store.state;
    return loadedModel(phase) !== undefined && !isAnswering(conversation);
  }

  async #answer(begin: (conversation: Conversation) => Conversation): Promise<void> {
    const { phase, settings, conversation: before } = this.#store.state;
    const model = loadedModel(phase);
    if (model === undefined || isAnswering(before)) return;
    const conversation = begin(before);
    if (conversation === before) return;
    this.#store.update((state) => ({ ...state, conversation, announcement: '' }));

    const task = new AbortController();
    this.#task = task;
    // A new chat may take the place of this one while the engine still writes: then nobody listens any more.
    const change = (next: (conversation: Conversation) => Conversation): void => {
      if (this.#store.state.conversation.id === conversation.id) this.#change(next);
    };
    try {
      const systemPrompt = await this.#systemPrompt(model);
      const result = await this.#client.generate(
        {
          model: model.handle,
          conversation: conversation.id,
          input: model.isChatModel
            ? { kind: 'chat', messages: toMessages(conversation, systemPrompt) }
            : { kind: 'text', text: toText(conversation, systemPrompt) },
          sampling: toSamplingParams(settings),
          overflow: settings.overflow,
          ...(settings.maxTokens === undefined ? {} : { maxTokens: settings.maxTokens }),
        },
        {
          signal: task.signal,
          onEvents: (events) => {
            change((current) => applyEvents(current, events));
          },
        },
      );
      change((current) => finishAnswer(current, result));
      this.#store.update((state) => ({ ...state, announcement: saidText(result.text) }));
    } catch (thrown) {
      const failure = toFailure(thrown);
      change((current) => failAnswer(current, failure));
    }
  }

  /** The visitor's, and behind it what the page says, as much of it as half of the context holds. */
  async #systemPrompt({ handle, contextLength }: LoadedModel): Promise<string> {
    const { systemPrompt } = this.#store.state.settings;
    const context = this.#readContext().trim();
    if (context === '') return systemPrompt;
    const numTokens = async (text: string): Promise<number> => (await this.#client.tokenize(handle, text)).length;
    return withContext(systemPrompt, await fitText(context, Math.floor(contextLength / 2), numTokens));
  }

  #change(next: (conversation: Conversation) => Conversation): void {
    this.#store.update((state) => ({ ...state, conversation: next(state.conversation) }));
  }
}
