/**
 * <linnet-problem>: something went wrong, in words, with what to do about it and the button that does it. It decides
 * nothing: the remedy comes with the error's name, and the press is told as a `remedy` event.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Failure } from '../errors.ts';
import type { Actions } from '../state/actions.ts';
import { remedyFor, type Remedy } from '../state/remedy.ts';
import { strings } from '../strings.ts';
import { icon } from './icons.ts';
import { base, buttons } from './styles.ts';

export class LinnetProblem extends LitElement {
  static override properties = {
    failure: { attribute: false },
    remedy: { attribute: false },
    actions: { attribute: false },
    dismissible: { type: Boolean },
  };
  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: block;
      }
      section {
        display: flex;
        gap: 0.9rem;
        padding: 1rem 1.1rem;
        border: 1px solid var(--warn-line);
        background: var(--warn-bg);
        border-radius: var(--radius);
      }
      section > svg {
        color: var(--warn-text);
        margin-top: 0.1rem;
      }
      h2 {
        font-size: 1.0625rem;
        color: var(--warn-text);
      }
      p {
        margin-top: 0.3rem;
        overflow-wrap: anywhere;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.6rem;
        margin-top: 0.9rem;
      }
    `,
  ];

  declare failure: Failure;
  /** Another remedy than the usual one for this name. */
  declare remedy: Remedy | undefined;
  declare actions: Actions;

  override render(): TemplateResult {
    const { title, advice } = strings.failure[this.failure.name];
    const remedy = this.remedy ?? remedyFor(this.failure.name);
    const second = remedy === 'chooseModel' || remedy === 'newChat' ? undefined : 'chooseModel';
    return html`<section role="alert" data-testid="error-panel" data-error=${this.failure.name}>
      ${icon('warning', 22)}
      <div>
        <h2>${title}</h2>
        <p>${advice}</p>
        ${this.failure.message === '' ? nothing : html`<p class="small muted">${this.failure.message}</p>`}
        <div class="actions">
          <button
            class="primary"
            data-testid="retry-button"
            data-remedy=${remedy}
            @click=${() => {
              this.#choose(remedy);
            }}
          >
            ${strings.remedy[remedy]}
          </button>
          ${
            second === undefined
              ? nothing
              : html`<button
                  class="secondary"
                  @click=${() => {
                    this.#choose(second);
                  }}
                >
                  ${strings.remedy[second]}
                </button>`
          }
        </div>
      </div>
    </section>`;
  }

  #choose(remedy: Remedy): void {
    switch (remedy) {
      case 'retry':
        // Only the place where the panel stands knows what to do again.
        this.dispatchEvent(new CustomEvent('retry'));
        break;
      case 'chooseModel':
        this.actions.chooseModel();
        break;
      case 'restart':
        this.actions.restart();
        break;
      case 'loadWithoutKeeping':
        this.actions.loadWithoutKeeping();
        break;
      case 'openSettings':
        this.dispatchEvent(new CustomEvent('open-settings', { bubbles: true, composed: true }));
        break;
      case 'newChat':
        this.actions.newChat();
        break;
      case 'reloadPage':
        this.actions.reloadPage();
        break;
    }
  }
}

customElements.define('linnet-problem', LinnetProblem);
