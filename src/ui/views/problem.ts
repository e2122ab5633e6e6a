/**
 * <linnet-problem>: something went wrong, in words, with what to do about it and the button that does it. It decides
 * nothing: the remedies come with the error's name and place; `retry` is told as an event.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Failure } from '../errors.ts';
import type { Actions } from '../state/actions.ts';
import { remediesFor, type FailurePlace, type Remedy } from '../state/remedy.ts';
import { strings } from '../strings.ts';
import { icon } from './icons.ts';
import { base, buttons } from './styles.ts';

export class LinnetProblem extends LitElement {
  static override properties = {
    failure: { attribute: false },
    place: { attribute: false },
    engineIsBack: { type: Boolean },
    actions: { attribute: false },
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
  declare place: FailurePlace;
  /** The engine runs again since: all that is left to do is to ask once more. */
  declare engineIsBack: boolean;
  declare actions: Actions;

  constructor() {
    super();
    this.place = 'answer';
    this.engineIsBack = false;
  }

  override render(): TemplateResult {
    const { name, message } = this.failure;
    const { title, advice } = this.#words;
    const remedies = this.engineIsBack ? (['retry'] as const) : remediesFor(name, this.place);
    return html`<section role="alert" data-testid="error-panel" data-error=${name}>
      ${icon('warning', 22)}
      <div>
        <h2>${title}</h2>
        <p>${advice}</p>
        ${message === '' || this.engineIsBack ? nothing : html`<p class="small muted">${message}</p>`}
        <div class="actions">${remedies.map((remedy, index) => this.#renderRemedy(remedy, index === 0))}</div>
      </div>
    </section>`;
  }

  get #words(): { readonly title: string; readonly advice: string } {
    const { name } = this.failure;
    if (this.engineIsBack) return strings.engineIsBack;
    return name === 'InvalidRequest' && this.place === 'model' ? strings.invalidSource : strings.failure[name];
  }

  #renderRemedy(remedy: Remedy, best: boolean): TemplateResult {
    return html`<button
      class=${best ? 'primary' : 'secondary'}
      data-testid=${best ? 'retry-button' : nothing}
      data-remedy=${remedy}
      @click=${() => {
        this.#choose(remedy);
      }}
    >
      ${strings.remedy[remedy]}
    </button>`;
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
      case 'reloadModel':
        this.actions.reloadModel();
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
