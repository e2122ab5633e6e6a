/**
 * <linnet-composer>: where a message is written, with files beside it if there are any. Enter sends, Shift+Enter makes a new line,
 * and while an answer is being written the button stops it. It holds the draft and nothing else.
 */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import type { AttachmentActions } from '../state/actions.ts';
import type { Attachment } from '../state/attachments.ts';
import { strings } from '../strings.ts';
import './attachments.ts';
import { icon } from './icons.ts';
import { base, buttons } from './styles.ts';

const MAX_PASTED_CHARS = 5000;

export class LinnetComposer extends LitElement {
  static override properties = {
    answering: { type: Boolean },
    stopping: { type: Boolean },
    offered: { type: String },
    attachments: { attribute: false },
    actions: { attribute: false },
    draft: { state: true },
  };
  static override styles = [
    base,
    buttons,
    css`
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: flex-end;
        gap: 0.5rem;
        padding: 0.4rem 0.4rem 0.4rem 0.5rem;
        background: var(--surface);
        border: 1px solid var(--line-strong);
        border-radius: 24px;
        box-shadow: var(--shadow);
      }
      form:focus-within {
        border-color: var(--accent);
        box-shadow: 0 0 0 1px var(--accent);
      }
      linnet-attachments {
        flex: 1 1 100%;
      }
      textarea {
        flex: 1;
        min-width: 0;
        font: inherit;
        color: inherit;
        background: none;
        border: 0;
        resize: none;
        padding: 0.6rem 0.5rem;
        min-height: 44px;
        max-height: min(14rem, 35dvh);
        field-sizing: content;
        line-height: 1.5;
      }
      /* The form around it shows the focus. */
      textarea:focus-visible {
        outline: 0;
      }
      textarea::placeholder {
        color: var(--muted);
        opacity: 1;
      }
      button.primary,
      button.stop {
        border-radius: 50%;
        width: 44px;
        padding: 0;
        flex: none;
      }
      button.stop {
        background: var(--text);
        color: var(--bg);
      }
    `,
  ];

  declare answering: boolean;
  declare stopping: boolean;
  /** Words to begin with; they replace the draft when they change. */
  declare offered: string;
  declare attachments: readonly Attachment[];
  declare actions: AttachmentActions;
  declare draft: string;

  constructor() {
    super();
    this.answering = false;
    this.stopping = false;
    this.offered = '';
    this.attachments = [];
    this.draft = '';
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('offered') && this.offered !== '') this.draft = this.offered;
  }

  override render(): TemplateResult {
    const { actions, attachments } = this;
    return html`<form part="composer" @submit=${this.#onSubmit}>
      <linnet-attachments
        removable
        .attachments=${attachments}
        @detach=${(event: CustomEvent<number>) => {
          actions.detach(event.detail);
        }}
      ></linnet-attachments>
      <button
        type="button"
        class="icon"
        data-testid="attach-button"
        aria-label=${strings.attach}
        title=${strings.attach}
        @click=${this.#openPicker}
      >
        ${icon('clip')}
      </button>
      <input
        type="file"
        multiple
        hidden
        data-testid="attach-input"
        aria-label=${strings.attach}
        @change=${this.#onFiles}
      />
      <label class="visually-hidden" for="draft">${strings.composerLabel}</label>
      <textarea
        id="draft"
        rows="1"
        data-testid="composer"
        placeholder=${strings.composerPlaceholder}
        aria-describedby="hint"
        enterkeyhint="send"
        .value=${this.draft}
        @input=${this.#onInput}
        @keydown=${this.#onKeydown}
        @paste=${this.#onPaste}
      ></textarea>
      <span id="hint" class="visually-hidden">${strings.composerHint}</span>
      ${this.answering ? this.#renderStop() : this.#renderSend()}
    </form>`;
  }

  override focus(): void {
    this.renderRoot.querySelector('textarea')?.focus();
  }

  #renderSend(): TemplateResult {
    return html`<button
      class="primary"
      type="submit"
      data-testid="send-button"
      aria-label=${strings.send}
      title=${strings.send}
      ?disabled=${this.#isEmpty}
    >
      ${icon('send')}
    </button>`;
  }

  #renderStop(): TemplateResult {
    return html`<button
      class="stop"
      type="button"
      data-testid="stop-button"
      aria-label=${strings.stop}
      title=${strings.stop}
      ?disabled=${this.stopping}
      @click=${() => this.dispatchEvent(new CustomEvent('stop'))}
    >
      ${icon('stop')}
    </button>`;
  }

  readonly #onInput = (event: Event): void => {
    if (event.target instanceof HTMLTextAreaElement) this.draft = event.target.value;
  };

  readonly #onKeydown = (event: KeyboardEvent): void => {
    // `isComposing`: Enter that ends an input method's composition is not meant for us.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  };

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault();
    this.#send();
  };

  readonly #openPicker = (): void => {
    this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click();
  };

  readonly #onFiles = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    this.actions.attach([...(event.target.files ?? [])]);
    // The same file may be chosen again.
    event.target.value = '';
  };

  /** Files are attached, and so is a text that is too long to be read in here. */
  readonly #onPaste = (event: ClipboardEvent): void => {
    const files = [...(event.clipboardData?.files ?? [])];
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (files.length === 0 && text.length <= MAX_PASTED_CHARS) return;
    event.preventDefault();
    this.actions.attach(files.length > 0 ? files : [new File([text], strings.pastedName)]);
  };

  get #isEmpty(): boolean {
    return this.draft.trim() === '' && this.attachments.length === 0;
  }

  #send(): void {
    const text = this.draft.trim();
    if (this.#isEmpty || this.answering) return;
    this.draft = '';
    this.dispatchEvent(new CustomEvent<string>('send', { detail: text }));
  }
}

customElements.define('linnet-composer', LinnetComposer);
