/**
 * <linnet-welcome>: the way to a model: the last one first, then the curated list, one's own, and what is kept here. It
 * also shows what went wrong on the way. Nothing on it downloads anything by itself.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Phase } from '../state/app-state.ts';
import { hardwareName, modelToContinue, type AppState } from '../state/app-state.ts';
import type { Actions } from '../state/actions.ts';
import type { CatalogueModel } from '../state/catalogue.ts';
import { formatBytes, formatCount } from '../state/format.ts';
import { strings } from '../strings.ts';
import { bird, icon } from './icons.ts';
import './kept-models.ts';
import './problem.ts';
import './source-form.ts';
import { base, buttons } from './styles.ts';
import { welcomeStyles } from './welcome-styles.ts';

export class LinnetWelcome extends LitElement {
  static override properties = { state: { attribute: false }, actions: { attribute: false } };
  static override styles = [base, buttons, welcomeStyles];

  declare state: AppState;
  declare actions: Actions;

  override render(): TemplateResult {
    const { phase, catalogue, cached, storage, info } = this.state;
    const busy = phase.kind === 'inspecting';
    return html`<div class="column">
      <header class="hero">
        ${bird(76)}
        <h1>${strings.tagline}</h1>
        <p class="muted">${strings.promise}</p>
        ${
          info?.device === undefined || info.device.software
            ? nothing
            : html`<p class="device" data-testid="device-info">
                ${strings.device(hardwareName(info) ?? strings.deviceUnknown)}
              </p>`
        }
      </header>
      <div class="status" aria-live="polite">${this.#renderStatus(phase)}</div>
      ${this.#renderContinue()}
      <section aria-labelledby="pick">
        <h2 id="pick">${strings.pickModel}</h2>
        <ul class="cards">
          ${catalogue.map((model) => html`<li>${this.#renderCard(model, busy)}</li>`)}
        </ul>
      </section>
      <section aria-labelledby="own">
        <h2 id="own">${strings.ownModel}</h2>
        <div class="panel"><linnet-source-form .actions=${this.actions} ?busy=${busy}></linnet-source-form></div>
      </section>
      <section aria-labelledby="kept">
        <h2 id="kept">${strings.kept}</h2>
        <div class="panel">
          <linnet-kept-models .models=${cached} .storage=${storage} .actions=${this.actions}></linnet-kept-models>
        </div>
      </section>
    </div>`;
  }

  #renderStatus(phase: Phase): TemplateResult | typeof nothing {
    if (phase.kind === 'inspecting') {
      return html`<div class="inspecting" data-testid="inspecting">
        <span class="spinner"></span><span>${strings.inspecting(phase.choice.name)}</span>
        <button class="secondary" @click=${this.actions.cancel}>${strings.cancel}</button>
      </div>`;
    }
    if (phase.kind !== 'failed') return nothing;
    return html`<linnet-problem
      .failure=${phase.failure}
      .place=${'model'}
      .actions=${this.actions}
      @retry=${this.actions.retry}
    ></linnet-problem>`;
  }

  #renderContinue(): TemplateResult | typeof nothing {
    const { phase } = this.state;
    if (phase.kind === 'choosing' && phase.loaded !== undefined) {
      return html`<button class="continue" data-testid="back-to-chat" @click=${this.actions.backToChat}>
        ${icon('play', 24)}<span
          ><strong>${strings.backToChat}</strong><span class="small">${phase.loaded.inspection.name}</span></span
        >
      </button>`;
    }
    const model = modelToContinue(this.state);
    if (model === undefined) return nothing;
    const title = model.complete ? strings.continueWith(model.name) : strings.resume(model.name);
    const hint = model.complete
      ? strings.continueHint
      : strings.resumeHint(formatBytes(model.storedBytes), formatBytes(model.sizeBytes));
    return html`<button
      class="continue"
      data-testid="continue-button"
      @click=${() => {
        this.actions.loadCached(model);
      }}
    >
      ${icon('play', 24)}<span><strong>${title}</strong><span class="small">${hint}</span></span>
    </button>`;
  }

  #renderCard(model: CatalogueModel, busy: boolean): TemplateResult {
    const size = formatBytes(model.sizeBytes);
    const choose = (): void => {
      if (busy) return;
      if (model.repo === undefined) this.actions.loadBuiltIn();
      else this.actions.inspect({ kind: 'huggingFace', repo: model.repo, file: model.file });
    };
    const badge = model.repo === undefined ? strings.builtIn : model.recommended ? strings.recommended : undefined;
    return html`<button
      class="card ${model.recommended ? 'recommended' : ''}"
      data-testid=${model.repo === undefined ? 'built-in-model' : 'catalogue-model'}
      aria-disabled=${busy ? 'true' : 'false'}
      @click=${choose}
    >
      ${badge === undefined ? nothing : html`<span class="badge">${badge}</span>`}
      <strong>${model.name}</strong>
      <span class="summary">${model.summary}</span>
      <span class="facts">
        <span>${model.sizeIsApproximate ? strings.approximately(size) : size}</span>
        <span>${strings.contextTokens(formatCount(model.contextLength))}</span>
        <span>${model.licence}</span>
      </span>
    </button>`;
  }
}

customElements.define('linnet-welcome', LinnetWelcome);
