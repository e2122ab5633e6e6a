/**
 * <linnet-history>: the drawer with the conversations of this device: search, open, rename, delete, export and import. What
 * is being renamed or about to be deleted is its own; everything else it tells through the actions.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { HistoryActions } from '../state/actions.ts';
import { formatDate } from '../state/format.ts';
import { searchHistory, type SavedConversation } from '../state/history.ts';
import { historyStrings } from '../history-strings.ts';
import { strings } from '../strings.ts';
import { historyStyles } from './history-styles.ts';
import { icon } from './icons.ts';
import { base, buttons, dialogs, drawers, fields } from './styles.ts';

export class LinnetHistory extends LitElement {
  static override properties = {
    history: { attribute: false },
    current: { attribute: false },
    actions: { attribute: false },
    query: { state: true },
    renaming: { state: true },
    doomed: { state: true },
  };
  static override styles = [base, buttons, fields, dialogs, drawers, historyStyles];

  declare history: readonly SavedConversation[];
  /** The id of the one on the screen. */
  declare current: string;
  declare actions: HistoryActions;
  declare query: string;
  declare renaming: string | undefined;
  declare doomed: string | undefined;

  constructor() {
    super();
    this.query = '';
  }

  open(): void {
    const dialog = this.renderRoot.querySelector('dialog');
    if (dialog?.open === false) dialog.showModal();
  }

  override render(): TemplateResult {
    const found = searchHistory(this.history, this.query);
    return html`<dialog aria-labelledby="title" data-testid="history" @click=${this.#onBackdrop}>
      <div class="drawer">
        <header>
          <h2 id="title">${strings.chats}</h2>
          <button class="icon" aria-label=${strings.close} data-testid="history-close" @click=${this.#close}>
            ${icon('close')}
          </button>
        </header>
        <label class="visually-hidden" for="query">${historyStrings.searchChats}</label>
        <input
          id="query"
          type="search"
          placeholder=${historyStrings.searchChats}
          data-testid="history-search"
          .value=${this.query}
          @input=${this.#onQuery}
        />
        ${found.length === 0 ? html`<p class="muted none">${this.history.length === 0 ? historyStrings.noChats : historyStrings.noChatFound}</p>` : nothing}
        <ul>
          ${repeat(
            found,
            (saved) => saved.id,
            (saved) => this.#renderChat(saved),
          )}
        </ul>
        <footer>
          <p class="muted small">${historyStrings.chatsStayHere}</p>
          <button
            class="quiet"
            data-testid="history-export"
            ?disabled=${this.history.length === 0}
            @click=${this.actions.exportChats}
          >
            ${historyStrings.exportAll}
          </button>
          <label class="quiet file">
            ${historyStrings.importChats}
            <input
              class="visually-hidden"
              type="file"
              accept=".json,application/json"
              data-testid="history-import"
              @change=${this.#onImport}
            />
          </label>
        </footer>
      </div>
    </dialog>`;
  }

  #renderChat(saved: SavedConversation): TemplateResult {
    const current = saved.id === this.current;
    return html`<li data-testid="history-item" data-current=${String(current)}>
      ${this.renaming === saved.id ? this.#renderRename(saved) : this.#renderTitle(saved, current)}
      ${this.doomed === saved.id ? this.#renderConfirm(saved) : nothing}
    </li>`;
  }

  #renderTitle(saved: SavedConversation, current: boolean): TemplateResult {
    const open = (): void => {
      this.actions.openChat(saved.id);
      this.#close();
    };
    return html`<button
        class="title"
        data-testid="history-open"
        aria-current=${current ? 'true' : nothing}
        @click=${open}
      >
        <span>${saved.title}</span><time class="muted small">${formatDate(saved.updatedMs)}</time>
      </button>
      ${this.#renderTool('pencil', historyStrings.rename, 'history-rename', saved, () => (this.renaming = saved.id))}
      ${this.#renderTool('file', historyStrings.exportOne, 'history-export-one', saved, () => {
        this.actions.exportChat(saved.id);
      })}
      ${this.#renderTool('trash', strings.remove, 'history-delete', saved, () => (this.doomed = saved.id))}`;
  }

  #renderTool(
    name: 'pencil' | 'file' | 'trash',
    label: string,
    testId: string,
    saved: SavedConversation,
    click: () => void,
  ): TemplateResult {
    return html`<button
      class="icon"
      data-testid=${testId}
      aria-label="${label}: ${saved.title}"
      title=${label}
      @click=${click}
    >
      ${icon(name, 17)}
    </button>`;
  }

  #renderRename(saved: SavedConversation): TemplateResult {
    const submit = (event: Event): void => {
      event.preventDefault();
      const input = this.renderRoot.querySelector<HTMLInputElement>('#new-title');
      this.actions.renameChat(saved.id, input?.value ?? '');
      this.renaming = undefined;
    };
    const cancel = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      // The drawer stays open.
      event.preventDefault();
      event.stopPropagation();
      this.renaming = undefined;
    };
    return html`<form @submit=${submit} @keydown=${cancel}>
      <label class="visually-hidden" for="new-title">${historyStrings.newTitle}</label>
      <input id="new-title" data-testid="history-title" .value=${saved.title} maxlength="120" />
      <button class="secondary" type="submit" data-testid="history-title-save">${strings.save}</button>
    </form>`;
  }

  #renderConfirm(saved: SavedConversation): TemplateResult {
    const remove = (): void => {
      this.doomed = undefined;
      this.actions.deleteChat(saved.id);
    };
    return html`<div class="confirm">
      <p class="small">${historyStrings.deleteChatAsk}</p>
      <button class="secondary" @click=${() => (this.doomed = undefined)}>${strings.cancel}</button>
      <button class="primary" data-testid="history-delete-confirm" @click=${remove}>${strings.remove}</button>
    </div>`;
  }

  readonly #onQuery = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.query = event.target.value;
  };

  readonly #onImport = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const [file] = event.target.files ?? [];
    event.target.value = '';
    if (file !== undefined) void this.actions.importChats(file);
  };

  readonly #close = (): void => {
    this.renderRoot.querySelector('dialog')?.close();
  };

  readonly #onBackdrop = (event: Event): void => {
    if (event.target instanceof HTMLDialogElement) event.target.close();
  };
}

customElements.define('linnet-history', LinnetHistory);
