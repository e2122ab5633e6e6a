/**
 * Keeps conversations and brings them back: every change of the one on the screen is written when nothing is being
 * answered. It knows nothing of the engine; what cannot be stored is told once and lost with the page, as without it.
 */
import { toLinnetError } from '../errors.ts';
import { historyStrings } from '../history-strings.ts';
import { strings } from '../strings.ts';
import type { HistoryActions } from './actions.ts';
import type { AppState } from './app-state.ts';
import { emptyConversation, isAnswering, type Conversation } from './conversation.ts';
import {
  exportJson,
  exportMarkdown,
  importConversations,
  parseSaved,
  toSaved,
  type SavedConversation,
} from './history.ts';
import type { HistoryStore } from './history-store.ts';
import type { Store } from './store.ts';

export interface HistoryControllerOptions {
  readonly kept: HistoryStore;
  readonly store: Store<AppState>;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** Hands a file to the visitor. */
  readonly saveFile: (name: string, text: string, mimeType: string) => void;
  /** Puts the conversation on the screen in the place of the one that is there. */
  readonly show: (conversation: Conversation) => void;
}

export class HistoryController {
  readonly #options: HistoryControllerOptions;
  readonly #deleted = new Set<string>();
  #toldOfFailure = false;

  constructor(options: HistoryControllerOptions) {
    this.#options = options;
  }

  readonly actions: HistoryActions = {
    openChat: (id) => {
      const saved = this.#find(id);
      if (saved === undefined || id === this.#store.state.conversation.id) return;
      this.#options.show(saved.conversation);
    },
    renameChat: (id, title) => {
      const saved = this.#find(id);
      const wanted = title.trim();
      if (saved !== undefined && wanted !== '') void this.#keep({ ...saved, title: wanted, named: true });
    },
    deleteChat: (id) => {
      // It may be on the screen, and still be answered.
      this.#deleted.add(id);
      this.#setHistory(this.#history.filter((saved) => saved.id !== id));
      void this.#guard(this.#options.kept.remove(id));
      if (id === this.#store.state.conversation.id) this.#options.show(emptyConversation(this.#options.newId()));
    },
    exportChats: () => {
      this.#options.saveFile('linnet-conversations.json', exportJson(this.#history), 'application/json');
    },
    exportChat: (id) => {
      const saved = this.#find(id);
      if (saved === undefined) return;
      const text = exportMarkdown(saved, { user: strings.you, assistant: strings.product });
      this.#options.saveFile(`${fileName(saved.title)}.md`, text, 'text/markdown');
    },
    importChats: async (file) => {
      const imported = importConversations(await file.text());
      if (imported === undefined) {
        this.#tell(historyStrings.importFailed);
        return;
      }
      const { conversations, numDamaged } = imported;
      // What is here already stays as it is; the imported one is a conversation of its own.
      for (const saved of conversations)
        await this.#keep(this.#find(saved.id) === undefined ? saved : this.#renewed(saved));
      this.#tell(historyStrings.imported(conversations.length, numDamaged));
    },
  };

  /** Reads what is kept, and from then on writes what changes. */
  async start(): Promise<void> {
    try {
      const found = (await this.#options.kept.readAll()).map(parseSaved).filter((saved) => saved !== undefined);
      this.#setHistory(found);
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#store.subscribe(({ conversation }) => {
      this.#write(conversation);
    });
  }

  /** Writes it though it is still being answered: it is about to leave the screen. */
  flush(): void {
    this.#write(this.#store.state.conversation, true);
  }

  #write(conversation: Conversation, unfinished = false): void {
    const nothing = conversation.turns.length === 0 && conversation.branches.length === 0;
    const kept = this.#find(conversation.id);
    if (nothing || kept?.conversation === conversation || this.#deleted.has(conversation.id)) return;
    if (isAnswering(conversation) && !unfinished) return;
    void this.#keep(toSaved(conversation, this.#options.nowMs(), kept));
  }

  async #keep(saved: SavedConversation): Promise<void> {
    this.#deleted.delete(saved.id);
    this.#setHistory([saved, ...this.#history.filter((other) => other.id !== saved.id)]);
    await this.#guard(this.#options.kept.write(saved.id, saved));
  }

  #renewed(saved: SavedConversation): SavedConversation {
    const id = this.#options.newId();
    return { ...saved, id, conversation: { ...saved.conversation, id } };
  }

  #find(id: string): SavedConversation | undefined {
    return this.#history.find((saved) => saved.id === id);
  }

  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): void {
    if (this.#toldOfFailure) return;
    this.#toldOfFailure = true;
    this.#tell(historyStrings.historyNotKept(toLinnetError(thrown).message));
  }

  #tell(notice: string): void {
    this.#store.update((state) => ({ ...state, notice }));
  }

  #setHistory(history: readonly SavedConversation[]): void {
    this.#store.update((state) => ({ ...state, history }));
  }

  get #history(): readonly SavedConversation[] {
    return this.#store.state.history;
  }

  get #store(): Store<AppState> {
    return this.#options.store;
  }
}

/** A title as the name of a file on any system. */
function fileName(title: string): string {
  const safe = title
    .replace(/[^\p{L}\p{N} _-]+/gu, '')
    .trim()
    .slice(0, 50);
  return safe === '' ? 'conversation' : safe;
}
