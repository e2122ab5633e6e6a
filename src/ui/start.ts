/**
 * Puts the parts of the page together: client, state, controllers, and the app element. Everything that touches the window
 * (theme, preferences, address, catalogue) comes in here and nowhere else. main.ts calls `startApp` with the real engine; the
 * embed, which is a guest in its page, calls `openPage` and says itself what it came with.
 */
import { onOpenedFile, readArrival, type Arrival } from './arrival.ts';
import type { ModelSource } from '../worker/api.ts';
import type { EngineClient } from './client.ts';
import type { Actions, HistoryActions, PageActions } from './state/actions.ts';
import type { Conversation } from './state/turns.ts';
import { initialState, type AppState, type Theme } from './state/app-state.ts';
import { builtInModel, parseCatalogue, sourceOf, type CatalogueModel } from './state/catalogue.ts';
import { randomId } from './ids.ts';
import { ConversationController } from './state/conversation-controller.ts';
import { ModelController, type BuiltIn } from './state/model-controller.ts';
import { openPreferences, type Preferences } from './state/preferences.ts';
import { DEFAULT_SETTINGS, type Settings } from './state/settings.ts';
import { createStore, type Store } from './state/store.ts';
import { LinnetApp } from './views/app.ts';

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
  /** What the site wants the model to know; read at each question. Empty: nothing. */
  readonly readContext: () => string;
  /** Rejects when the policy of the page turns out to forbid what a model is read from; else it stays open. */
  readonly whenForbidden: (source: ModelSource) => Promise<never>;
}

/** The app at work. */
export interface Page {
  readonly app: LinnetApp;
  readonly store: Store<AppState>;
  readonly actions: Actions;
  /** Begins with a model and words for the composer. Ends when the first phase that waits for the visitor is reached. */
  readonly start: (arrival: Arrival) => Promise<void>;
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

/** Starts our own page in `parent`. The promise ends when the first phase that waits for the visitor is reached. */
export async function startApp(client: EngineClient, parent: HTMLElement, options: StartOptions = {}): Promise<void> {
  const page = openPage(client, parent, options);
  onOpenedFile((file) => {
    page.actions.inspect({ kind: 'file', file });
  });
  await page.start(readArrival(location.search, document.baseURI));
}

/** The app in `parent`, at work but for a model. */
export function openPage(client: EngineClient, parent: HTMLElement, options: StartOptions = {}): Page {
  const { base = document.baseURI, fetchModels = fetchCatalogue, loadUnasked = true, keepOffline, embedding } = options;
  const preferences = openPreferences();
  const store = createStore(
    initialState({
      conversationId: randomId(),
      settings: preferences.readSettings(),
      theme: embedding?.theme ?? preferences.readTheme(),
      lastModel: preferences.readLastModel(),
    }),
  );
  const catalogue = fetchModels(base);
  const builtIn = async (): Promise<BuiltIn | undefined> => {
    const model = builtInModel(await catalogue);
    return model === undefined ? undefined : { source: sourceOf(model, base), name: model.name };
  };
  const models = new ModelController({
    client,
    store,
    preferences,
    builtIn,
    loadUnasked,
    persistStorage,
    ...(embedding === undefined ? {} : { loadLinkedIfHere: true, whenForbidden: embedding.whenForbidden }),
  });
  const conversations = new ConversationController({
    client,
    store,
    newId: randomId,
    onLeave: () => {
      history.flush();
    },
    ...(embedding === undefined ? {} : { readContext: embedding.readContext }),
  });
  const show = (conversation: Conversation): void => {
    conversations.show(conversation);
  };
  const history = options.keepHistory?.({ store, show }) ?? NO_HISTORY;
  let applyUpdate = (): void => undefined;
  const actions: Actions = {
    ...models.actions,
    ...conversations.actions,
    ...history.actions,
    ...pageActions(store, preferences),
    send: (text) => {
      store.update((state) => ({ ...state, offeredText: '' }));
      conversations.actions.send(text);
    },
    applyUpdate: () => {
      applyUpdate();
    },
  };
  const app = mountApp(parent, store, actions, options);
  void catalogue.then((list) => {
    store.update((state) => ({ ...state, catalogue: list }));
  });
  keepOffline?.((apply) => {
    applyUpdate = apply;
    store.update((state) => ({ ...state, updateReady: true }));
  });
  return {
    app,
    store,
    actions,
    async start({ source, text }) {
      // Nobody waits for it: a storage that hangs must not keep the model away.
      void history.start();
      store.update((state) => ({ ...state, offeredText: text }));
      await models.start(source);
    },
  };
}

/** The app in `parent`, in the colours that the state and the system ask for; a guest takes those of its page. */
function mountApp(
  parent: HTMLElement,
  store: Store<AppState>,
  actions: Actions,
  { benchUrl, keepHistory, embedding }: StartOptions,
): LinnetApp {
  const app = new LinnetApp();
  app.actions = actions;
  app.deviceMemoryGib = readDeviceMemory();
  app.benchUrl = benchUrl;
  app.keepsHistory = keepHistory !== undefined;
  app.embedded = embedding !== undefined;
  if (app.embedded) app.setAttribute('exportparts', 'header, main, messages, composer, question, answer');
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const show = (state: AppState): void => {
    app.state = state;
    app.dark = state.theme === 'dark' || (state.theme === 'system' && prefersDark.matches);
    app.setAttribute('theme', state.theme);
    if (embedding === undefined) applyTheme(state.theme);
  };
  prefersDark.addEventListener('change', () => {
    show(store.state);
  });
  store.subscribe(show);
  show(store.state);
  parent.replaceChildren(app);
  return app;
}

function pageActions(store: Store<AppState>, preferences: Preferences): Omit<PageActions, 'applyUpdate'> {
  const setSettings = (settings: Settings): void => {
    preferences.writeSettings(settings);
    store.update((state) => ({ ...state, settings }));
  };
  return {
    changeSettings: (change) => {
      setSettings({ ...store.state.settings, ...change });
    },
    resetSettings: () => {
      setSettings(DEFAULT_SETTINGS);
    },
    setTheme: (theme) => {
      preferences.writeTheme(theme);
      store.update((state) => ({ ...state, theme }));
    },
    dismissNotice: () => {
      store.update((state) => ({ ...state, notice: undefined }));
    },
    declineUpdate: () => {
      store.update((state) => ({ ...state, updateReady: false }));
    },
    reloadPage: () => {
      location.reload();
    },
  };
}

/** A page that keeps no conversations. */
const NO_HISTORY: KeptHistory = {
  actions: {
    openChat: () => undefined,
    renameChat: () => undefined,
    deleteChat: () => undefined,
    exportChat: () => undefined,
    exportChats: () => undefined,
    importChats: () => Promise.resolve(),
  },
  flush: () => undefined,
  start: () => Promise.resolve(),
};

/** For what is outside the app element: the page behind it and the browser's own colours. */
function applyTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset['linnetTheme'];
  else root.dataset['linnetTheme'] = theme;
}

/** The curated list; a page without it still takes addresses and files. */
async function fetchCatalogue(base: string): Promise<readonly CatalogueModel[]> {
  try {
    const response = await fetch(new URL('models.json', base));
    return response.ok ? parseCatalogue(await response.json()) : [];
  } catch {
    return [];
  }
}

/** Asks the browser not to clear what is kept when space runs short. It may say no, and has no such thing on plain http. */
async function persistStorage(): Promise<void> {
  if ('storage' in navigator) await navigator.storage.persist();
}

/** Chromium tells how much memory the machine has, in steps up to 8 GiB; others do not. */
function readDeviceMemory(): number | undefined {
  return 'deviceMemory' in navigator && typeof navigator.deviceMemory === 'number' ? navigator.deviceMemory : undefined;
}
