/** What <linnet-chat> fetches when a visitor asks for the chat: the app with its engine inside. Knows nothing of the element. */
import type { ModelSource } from '../worker/api.ts';
import { EngineClient } from './client.ts';
import { eventsBetween, type EmbedEvent } from './embed/events.ts';
import { LinnetError } from './errors.ts';
import { spokenLanguage } from './language.ts';
import { openPage } from './start.ts';
import { openInlineEngineWorker } from './start-worker-inline.ts';
import type { Theme } from './state/app-state.ts';
import { parseCatalogue } from './state/catalogue.ts';
import { parseSource } from './state/source.ts';

export interface EmbedOptions {
  /** The app takes the place of what is in it. */
  readonly parent: HTMLElement;
  /** The address beside which the models lie. */
  readonly base: string;
  /** What models.json there says. */
  readonly models: unknown;
  /** `built-in`, an address (also relative to the page), a repository, or empty: the visitor chooses. */
  readonly model: string;
  readonly theme: Theme;
  /** A tag as in `lang` attributes. */
  readonly language: string;
  readonly readContext: () => string;
  /** Rejects when the page forbids what a model is read from; else it stays open. */
  readonly whenForbidden: (source: ModelSource) => Promise<never>;
  readonly tell: (type: EmbedEvent['type'], detail: EmbedEvent['detail']) => void;
}

/** The chat at work. */
export interface EmbeddedChat {
  /** Goes for the model; `question` comes into the composer. */
  readonly begin: (question: string) => void;
  readonly offer: (question: string) => void;
  readonly setTheme: (theme: Theme) => void;
  readonly focus: () => void;
  /** Ends the engine. */
  readonly close: () => void;
}

/** Throws InvalidRequest for a `model` that names none. */
export async function startEmbeddedChat(options: EmbedOptions): Promise<EmbeddedChat> {
  const { parent, base, models, model, theme, language, readContext, whenForbidden, tell } = options;
  const named = parseSource(model === 'built-in' ? '' : model, document.baseURI);
  if (named.kind === 'invalid') throw new LinnetError('InvalidRequest', `"${model}" names no model.`);
  const client = new EngineClient({ open: openInlineEngineWorker });
  const page = await openPage(client, parent, {
    base,
    fetchModels: () => Promise.resolve(parseCatalogue(models)),
    loadUnasked: model === 'built-in',
    embedding: { theme, language: spokenLanguage([language]), readContext, whenForbidden },
  });
  const { store, actions, start } = page;
  let before = store.state;
  store.subscribe((after) => {
    const events = eventsBetween(before, after);
    before = after;
    for (const { type, detail } of events) tell(type, detail);
  });
  return {
    begin: (text) => {
      void start({ source: named.kind === 'source' ? named.source : undefined, text });
    },
    offer: (offeredText) => {
      store.update((state) => ({ ...state, offeredText }));
    },
    setTheme: (changed) => {
      store.update((state) => ({ ...state, theme: changed }));
    },
    focus: () => {
      page.app.focus();
    },
    close: () => {
      actions.stop();
      client.close();
      parent.replaceChildren();
    },
  };
}
