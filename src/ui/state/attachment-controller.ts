/**
 * Takes files for the next question, one after the other: reads them, has their tokens counted and says which are no text or do not
 * fit. It knows neither how files come nor how chips look.
 */
import type { EngineClient } from '../client.ts';
import { toFailure } from '../errors.ts';
import { strings } from '../strings.ts';
import type { AttachmentActions } from './actions.ts';
import { loadedModel, type AppState } from './app-state.ts';
import { decodeText, freeTokens, isSurelyTooLong } from './attachments.ts';
import { formatCount } from './format.ts';
import type { Store } from './store.ts';

export class AttachmentController {
  readonly #client: EngineClient;
  readonly #store: Store<AppState>;
  /** Files wait for each other, because each takes room from the next. */
  #last: Promise<void> = Promise.resolve();

  constructor(client: EngineClient, store: Store<AppState>) {
    this.#client = client;
    this.#store = store;
  }

  readonly actions: AttachmentActions = {
    attach: (files) => {
      for (const file of files) this.#last = this.#last.then(() => this.#attach(file));
    },
    detach: (index) => {
      this.#store.update((state) => ({ ...state, attachments: state.attachments.toSpliced(index, 1) }));
    },
  };

  async #attach(file: File): Promise<void> {
    const model = loadedModel(this.#store.state.phase);
    if (model === undefined) return;
    const free = freeTokens(model.contextLength, this.#store.state.attachments);
    const tooLong = strings.attachmentTooLong(file.name, formatCount(free));
    if (isSurelyTooLong(file.size, free)) {
      this.#tell(tooLong);
      return;
    }
    try {
      const text = decodeText(await file.arrayBuffer());
      if (text === undefined) {
        this.#tell(strings.attachmentNoText(file.name));
        return;
      }
      const numTokens = (await this.#client.tokenize(model.handle, text)).length;
      if (numTokens > free) this.#tell(tooLong);
      else
        this.#store.update((state) => ({
          ...state,
          attachments: [...state.attachments, { name: file.name, text, numTokens }],
        }));
    } catch (thrown) {
      this.#tell(toFailure(thrown).message);
    }
  }

  #tell(notice: string): void {
    this.#store.update((state) => ({ ...state, notice }));
  }
}
