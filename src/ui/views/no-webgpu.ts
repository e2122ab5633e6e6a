/**
 * <linnet-no-webgpu>: there is no graphics card to run on, why, and what usually helps.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Actions } from '../state/actions.ts';
import { strings } from '../strings.ts';
import { bird } from './icons.ts';
import { base, buttons } from './styles.ts';

export class LinnetNoWebGpu extends LitElement {
  static override properties = { reason: { attribute: false }, actions: { attribute: false } };
  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: grid;
        place-items: center;
        padding: 2rem 1.25rem;
        overflow-y: auto;
      }
      section {
        width: min(34rem, 100%);
      }
      section > svg {
        filter: grayscale(1);
        opacity: 0.8;
      }
      h1 {
        font-size: 1.6rem;
        margin: 1rem 0 0.6rem;
      }
      ol {
        list-style: decimal;
        padding-left: 1.3em;
        margin: 1.2rem 0 1.5rem;
      }
      li {
        margin: 0.4rem 0;
      }
    `,
  ];

  declare reason: string;
  declare actions: Actions;

  override render(): TemplateResult {
    return html`<section role="alert" data-testid="error-panel" data-error="NoWebGpu">
      ${bird(64)}
      <h1>${strings.noWebGpuTitle}</h1>
      ${this.reason === '' ? nothing : html`<p class="muted">${this.reason}</p>`}
      <ol>
        ${strings.noWebGpuSteps.map((step) => html`<li>${step}</li>`)}
      </ol>
      <button class="primary" data-testid="retry-button" @click=${this.actions.reloadPage}>
        ${strings.remedy.reloadPage}
      </button>
    </section>`;
  }
}

customElements.define('linnet-no-webgpu', LinnetNoWebGpu);
