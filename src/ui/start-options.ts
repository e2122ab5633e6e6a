/** What the page can be started with: types alone. What our own page has and an embed has not comes in by these. */
import type { ModelSource } from '../worker/api.ts';
import type { Language } from './language.ts';
import type { HistoryActions } from './state/actions.ts';
import type { AppState, Theme } from './state/app-state.ts';
import type { CatalogueModel } from './state/catalogue.ts';
import type { Store } from './state/store.ts';
import type { Conversation } from './state/turns.ts';

export interface StartOptions {
  /** The address beside which models.json and the built-in model lie; the page's own unless said otherwise. */
  readonly base?: string;
  readonly fetchModels?: (base: string) => Promise<readonly CatalogueModel[]>;
  /** Loads the built-in model without being asked: for our own page, not for somebody else's. Default true. */
  readonly loadUnasked?: boolean;
  /** Its bench page, if it has one. */
  readonly benchUrl?: string;
  /** Keeps conversations and lists them; without it they end with the page. */
  readonly keepHistory?: (page: HistoryPage) => KeptHistory;
  /** Keeps the page for visits without a network, and calls back when a new version of it waits: our own page only. */
  readonly keepOffline?: (onUpdate: (apply: () => void) => void) => void;
  /** The app is a guest in somebody else's page. */
  readonly embedding?: Embedding;
}

/** What is different in somebody else's page: the window, its address and its colours are not ours. */
export interface Embedding {
  readonly theme: Theme;
  readonly language: Language;
  /** What the site wants the model to know; read at each question. Empty: nothing. */
  readonly readContext: () => string;
  /** Rejects when the policy of the page turns out to forbid what a model is read from; else it stays open. */
  readonly whenForbidden: (source: ModelSource) => Promise<never>;
}

/** The page as whoever keeps conversations sees it. */
export interface HistoryPage {
  readonly store: Store<AppState>;
  /** Puts a conversation on the screen in the place of the one that is there. */
  readonly show: (conversation: Conversation) => void;
}

export interface KeptHistory {
  readonly actions: HistoryActions;
  /** The conversation on the screen is about to leave it. */
  readonly flush: () => void;
  /** Reads what is kept, and shows the conversation that the address names. */
  readonly start: () => Promise<void>;
}
