/**
 * Puts the app element into its place and keeps its state, colours and language up to date. It knows the window's colours and
 * memory, and nothing of what the actions do.
 */
import type { StartOptions } from './start-options.ts';
import type { Actions } from './state/actions.ts';
import type { AppState, Theme } from './state/app-state.ts';
import { speak, spokenLanguage } from './language.ts';
import type { Store } from './state/store.ts';
import { LinnetApp } from './views/app.ts';

/** Of the embed, for the page around it. */
const PARTS = 'header, main, messages, composer, question, answer';

/** The app in `parent`, in the colours that the state and the system ask for; a guest takes those of its page. */
export class Mount {
  readonly #parent: HTMLElement;
  readonly #store: Store<AppState>;
  readonly #actions: Actions;
  readonly #options: StartOptions;
  readonly #prefersDark = matchMedia('(prefers-color-scheme: dark)');
  #app = new LinnetApp();

  constructor(parent: HTMLElement, store: Store<AppState>, actions: Actions, options: StartOptions) {
    this.#parent = parent;
    this.#store = store;
    this.#actions = actions;
    this.#options = options;
    const show = (): void => {
      this.#show(store.state);
    };
    this.#prefersDark.addEventListener('change', show);
    store.subscribe(show);
  }

  get app(): LinnetApp {
    return this.#app;
  }

  /** In the language of now, as a new element in the place of the one before: words that were rendered stay as they are. */
  async render(): Promise<void> {
    const { benchUrl, keepHistory, embedding } = this.#options;
    const { language: chosen } = this.#store.state;
    const language = embedding?.language ?? spokenLanguage(chosen === 'auto' ? navigator.languages : [chosen ?? '']);
    await speak(language);
    const app = new LinnetApp();
    app.lang = language;
    app.actions = this.#actions;
    app.deviceMemoryGib = readDeviceMemory();
    app.benchUrl = benchUrl;
    app.keepsHistory = keepHistory !== undefined;
    app.embedded = embedding !== undefined;
    if (app.embedded) app.setAttribute('exportparts', PARTS);
    else document.documentElement.lang = language;
    this.#app = app;
    this.#show(this.#store.state);
    this.#parent.replaceChildren(app);
  }

  #show(state: AppState): void {
    this.#app.state = state;
    this.#app.dark = state.theme === 'dark' || (state.theme === 'system' && this.#prefersDark.matches);
    this.#app.setAttribute('theme', state.theme);
    if (this.#options.embedding === undefined) applyTheme(state.theme);
  }
}

/** For what is outside the app element: the page behind it and the browser's own colours. */
function applyTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset['linnetTheme'];
  else root.dataset['linnetTheme'] = theme;
}

/** Chromium tells how much memory the machine has, in steps up to 8 GiB; others do not. */
function readDeviceMemory(): number | undefined {
  return 'deviceMemory' in navigator && typeof navigator.deviceMemory === 'number' ? navigator.deviceMemory : undefined;
}
