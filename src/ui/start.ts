/**
 * Puts the parts of the page together: client, state, controllers, and the app element. Everything that touches the window
 * (theme, preferences, address, catalogue) comes in here and nowhere else. main.ts calls `startApp` with the real engine; the
 * embed, which is a guest in its page, calls `openPage` and says itself what it came with.
 */
import { onOpenedFile, readArrival, type Arrival } from './arrival.ts';
import type { EngineClient } from './client.ts';
import type { KeptHistory, StartOptions } from './start-options.ts';
import type { Actions, PageActions } from './state/actions.ts';
import type { Conversation } from './state/turns.ts';
import { initialState, type AppState } from './state/app-state.ts';
import { builtInModel, parseCatalogue, sourceOf, type CatalogueModel } from './state/catalogue.ts';
import { randomId } from './ids.ts';
import { AttachmentController } from './state/attachment-controller.ts';
import { ConversationController } from './state/conversation-controller.ts';
import { ModelController, type BuiltIn } from './state/model-controller.ts';
import { openPreferences, type Preferences } from './state/preferences.ts';
import { withPreset, type Preset } from './state/presets.ts';
import { DEFAULT_SETTINGS, type Settings } from './state/settings.ts';
import { keepStats } from './state/stats-log.ts';
import { createStore, type Store } from './state/store.ts';
import { Mount } from './mount.ts';
import type { LinnetApp } from './views/app.ts';

/** The app at work. */
export interface Page {
  /** The element of now: another language takes another one. */
  readonly app: LinnetApp;
  readonly store: Store<AppState>;
  readonly actions: Actions;
  /** Begins with a model and words for the composer. Ends when the first phase that waits for the visitor is reached. */
  readonly start: (arrival: Arrival) => Promise<void>;
}

/** Starts our own page in `parent`. The promise ends when the first phase that waits for the visitor is reached. */
export async function startApp(client: EngineClient, parent: HTMLElement, options: StartOptions = {}): Promise<void> {
  const page = await openPage(client, parent, options);
  onOpenedFile((file) => {
    page.actions.inspect({ kind: 'file', file });
  });
  await page.start(readArrival(location.search, document.baseURI));
}

/** The app in `parent`, at work but for a model. */
export async function openPage(client: EngineClient, parent: HTMLElement, options: StartOptions = {}): Promise<Page> {
  const { base = document.baseURI, fetchModels = fetchCatalogue, loadUnasked = true, keepOffline, embedding } = options;
  const preferences = openPreferences();
  const store = createStore(
    initialState({
      conversationId: randomId(),
      settings: preferences.readSettings(),
      presets: preferences.readPresets(),
      theme: embedding?.theme ?? preferences.readTheme(),
      language: embedding === undefined ? preferences.readLanguage() : undefined,
      lastModel: preferences.readLastModel(),
    }),
  );
  const catalogue = fetchModels(base);
  const models = new ModelController({
    client,
    store,
    preferences,
    builtIn: async () => findBuiltIn(await catalogue, base),
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
    ...new AttachmentController(client, store).actions,
    ...history.actions,
    ...pageActions(store, preferences),
    setLanguage: (language) => {
      preferences.writeLanguage(language);
      store.update((state) => ({ ...state, language }));
      void mount.render();
    },
    send: (text) => {
      store.update((state) => ({ ...state, offeredText: '' }));
      conversations.actions.send(text);
    },
    applyUpdate: () => {
      applyUpdate();
    },
  };
  keepStats({ stats: () => client.stats(), store, nowMs: () => performance.now() });
  const mount = new Mount(parent, store, actions, options);
  await mount.render();
  void catalogue.then((list) => {
    store.update((state) => ({ ...state, catalogue: list }));
  });
  keepOffline?.((apply) => {
    applyUpdate = apply;
    store.update((state) => ({ ...state, updateReady: true }));
  });
  return {
    get app() {
      return mount.app;
    },
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

function findBuiltIn(catalogue: readonly CatalogueModel[], base: string): BuiltIn | undefined {
  const model = builtInModel(catalogue);
  return model === undefined ? undefined : { source: sourceOf(model, base), name: model.name };
}

function pageActions(
  store: Store<AppState>,
  preferences: Preferences,
): Omit<PageActions, 'applyUpdate' | 'setLanguage'> {
  const setSettings = (settings: Settings): void => {
    preferences.writeSettings(settings);
    store.update((state) => ({ ...state, settings }));
  };
  const setPresets = (presets: readonly Preset[]): void => {
    preferences.writePresets(presets);
    store.update((state) => ({ ...state, presets }));
  };
  return {
    changeSettings: (change) => {
      setSettings({ ...store.state.settings, ...change });
    },
    resetSettings: () => {
      setSettings(DEFAULT_SETTINGS);
    },
    applyPreset: (preset) => {
      setSettings({ ...store.state.settings, ...preset.settings });
    },
    savePreset: (name) => {
      setPresets(withPreset(store.state.presets, name, store.state.settings));
    },
    deletePreset: (preset) => {
      setPresets(store.state.presets.filter(({ id }) => id !== preset.id));
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
