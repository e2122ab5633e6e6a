/**
 * <linnet-user-turn>: what the visitor said, and the form to say it differently. An edit is told as an `edit` event with
 * the new text; what that does to the conversation is not known here.
 */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import type { UserTurn } from '../state/conversation.ts';
import { strings } from '../strings.ts';
import './attachments.ts';
import { icon } from './icons.ts';
import { base, buttons, fields } from './styles.ts';
import { turnStyles } from './turn-styles.ts';

export class LinnetUserTurn extends LitElement {
  static override properties = {
    turn: { attribute: false },
    editable: { type: Boolean },
    editing: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    turnStyles,
    css`
      article {
        display: flex;
        flex-direction: column;
        align-items: flex-end;
      }
      linnet-attachments {
        max-width: min(85%, 36rem);
        margin-bottom: 0.4rem;
      }
      .bubble:empty {
        display: none;
      }
      .bubble {
        max-width: min(85%, 36rem);
        background: var(--accent-soft);
        border-radius: 20px 20px 6px 20px;
        padding: 0.65rem 1rem;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      form {
        width: 100%;
      }
      textarea {
        field-sizing: content;
        min-height: 5rem;
        max-height: 50dvh;
        resize: vertical;
        border-radius: var(--radius);
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: flex-end;
        gap: 0.5rem;
        margin-top: 0.5rem;
      }
      .row .muted {
        margin-right: auto;
      }
    `,
  ];

  declare turn: UserTurn;
  declare editable: boolean;
  declare editing: boolean;

  constructor() {
    super();
    this.editable = false;
    this.editing = false;
  }

  override render(): TemplateResult {
    return html`<article aria-label=${strings.you}>${this.editing ? this.#renderForm() : this.#renderText()}</article>`;
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has('editing') || changed.get('editing') === undefined) return;
    const target = this.renderRoot.querySelector<HTMLElement>(this.editing ? 'textarea' : '.edit');
    target?.focus();
    if (target instanceof HTMLTextAreaElement) target.setSelectionRange(target.value.length, target.value.length);
  }

  #renderText(): TemplateResult {
    return html`<linnet-attachments .attachments=${this.turn.attachments ?? []}></linnet-attachments>
      <div class="bubble" part="question" data-testid="message-user">${this.turn.text}</div>
      <div class="tools">
        <slot></slot>
        <button class="quiet edit" data-testid="edit-button" ?disabled=${!this.editable} @click=${this.#startEditing}>
          ${icon('pencil', 17)}${strings.edit}
        </button>
      </div>`;
  }

  #renderForm(): TemplateResult {
    return html`<form @submit=${this.#onSubmit} @keydown=${this.#onKeydown}>
      <label class="visually-hidden" for="text">${strings.editLabel}</label>
      <textarea id="text" data-testid="edit-input" .value=${this.turn.text}></textarea>
      <div class="row">
        <span class="small muted">${strings.editHint}</span>
        <button type="button" class="secondary" @click=${this.#stopEditing}>${strings.cancel}</button>
        <button type="submit" class="primary" data-testid="edit-save">${strings.editSave}</button>
      </div>
    </form>`;
  }

  readonly #startEditing = (): void => {
    this.editing = true;
  };

  readonly #stopEditing = (): void => {
    this.editing = false;
  };

  readonly #onKeydown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.editing = false;
    } else if (
      event.key === 'Enter' &&
      !event.shiftKey &&
      !event.isComposing &&
      event.target instanceof HTMLTextAreaElement
    ) {
      this.#onSubmit(event);
    }
  };

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault();
    const text = this.renderRoot.querySelector('textarea')?.value.trim() ?? '';
    if ((text === '' && this.turn.attachments === undefined) || !this.editable) return;
    this.editing = false;
    this.dispatchEvent(new CustomEvent<string>('edit', { detail: text }));
  };
}

customElements.define('linnet-user-turn', LinnetUserTurn);
