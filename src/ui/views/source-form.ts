/**
 * <linnet-source-form>: a model of the visitor's own: an address, a repository, or a file. It reads nothing and asks the
 * engine nothing; what was named is told through the actions.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Actions } from '../state/actions.ts';
import { parseSource } from '../state/source.ts';
import { strings } from '../strings.ts';
import { icon } from './icons.ts';
import { base, buttons, fields } from './styles.ts';

export class LinnetSourceForm extends LitElement {
  static override properties = {
    actions: { attribute: false },
    busy: { type: Boolean },
    problem: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      .row {
        display: flex;
        gap: 0.5rem;
        margin-top: 0.4rem;
      }
      input {
        min-width: 0;
      }
      .problem {
        color: var(--warn-text);
        margin-top: 0.4rem;
        font-size: 0.9375rem;
      }
      .file {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem 0.75rem;
        margin-top: 0.9rem;
      }
    `,
  ];

  declare actions: Actions;
  declare busy: boolean;
  declare problem: string;

  constructor() {
    super();
    this.busy = false;
    this.problem = '';
  }

  override render(): TemplateResult {
    return html`<form @submit=${this.#onSubmit} novalidate>
        <label for="source">${strings.sourceLabel}</label>
        <div class="row">
          <input
            id="source"
            type="text"
            inputmode="url"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            data-testid="model-url-input"
            placeholder=${strings.sourcePlaceholder}
            aria-invalid=${this.problem === '' ? 'false' : 'true'}
            aria-describedby="problem"
            @input=${() => (this.problem = '')}
          />
          <button class="secondary" type="submit" data-testid="model-load-button" ?disabled=${this.busy}>
            ${strings.look}
          </button>
        </div>
        <p id="problem" role="alert" class="problem">${this.problem === '' ? nothing : this.problem}</p>
      </form>
      <div class="file">
        <input
          class="visually-hidden"
          type="file"
          accept=".gguf"
          tabindex="-1"
          aria-hidden="true"
          data-testid="file-input"
          @change=${this.#onFile}
        />
        <button class="secondary" ?disabled=${this.busy} @click=${this.#openPicker}>
          ${icon('file')}${strings.chooseFile}
        </button>
        <span class="muted small">${strings.dropHint}</span>
      </div>`;
  }

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault();
    const text = this.renderRoot.querySelector<HTMLInputElement>('#source')?.value ?? '';
    const parsed = parseSource(text, document.baseURI);
    switch (parsed.kind) {
      case 'source':
        this.actions.inspect(parsed.source);
        break;
      case 'invalid':
        this.problem = strings.sourceInvalid;
        break;
      case 'empty':
        this.problem = strings.sourceEmpty;
        break;
    }
  };

  readonly #openPicker = (): void => {
    this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click();
  };

  readonly #onFile = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const file = event.target.files?.[0];
    // The same file may be chosen again after a failure.
    event.target.value = '';
    if (file !== undefined) this.actions.inspect({ kind: 'file', file });
  };
}

customElements.define('linnet-source-form', LinnetSourceForm);
