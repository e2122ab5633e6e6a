/**
 * <linnet-kept-models>: what is stored on this device: load it without a download, or delete it.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { CachedModel, StorageReport } from '../../worker/api.ts';
import type { Actions } from '../state/actions.ts';
import { formatBytes, formatDate } from '../state/format.ts';
import { strings } from '../strings.ts';
import { icon } from './icons.ts';
import { base, buttons } from './styles.ts';

export class LinnetKeptModels extends LitElement {
  static override properties = {
    models: { attribute: false },
    storage: { attribute: false },
    actions: { attribute: false },
    /** The model whose deletion is being confirmed. */
    doomed: { state: true },
  };
  static override styles = [
    base,
    buttons,
    css`
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.3rem 0.5rem;
        padding: 0.6rem 0;
        border-top: 1px solid var(--line);
      }
      li:first-child {
        border-top: 0;
      }
      .what {
        flex: 1 1 12rem;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .name {
        font-weight: 550;
      }
      .storage {
        margin-top: 0.5rem;
      }
    `,
  ];

  declare models: readonly CachedModel[];
  declare storage: StorageReport | undefined;
  declare actions: Actions;
  declare doomed: string | undefined;

  override render(): TemplateResult {
    if (this.models.length === 0) return html`<p class="muted">${strings.keptEmpty}</p>`;
    const { storage } = this;
    return html`<ul>
        ${repeat(
          this.models,
          (model) => model.id,
          (model) => this.#renderModel(model),
        )}
      </ul>
      ${
        storage?.quotaBytes === undefined
          ? nothing
          : html`<p class="muted small storage">
              ${strings.storageUsed(formatBytes(storage.usedBytes), formatBytes(storage.quotaBytes))}
            </p>`
      }`;
  }

  #renderModel(model: CachedModel): TemplateResult {
    const size = formatBytes(model.sizeBytes);
    const stored = model.complete ? strings.keptSize(size) : strings.keptPart(formatBytes(model.storedBytes), size);
    const detail = `${stored} · ${strings.lastUsed(formatDate(model.lastUsedMs))}`;
    const doomed = this.doomed === model.id;
    return html`<li data-testid="cached-model" data-complete=${String(model.complete)}>
      <div class="what">
        <div class="name">${doomed ? strings.removeAsk(model.name) : model.name}</div>
        ${doomed ? nothing : html`<div class="muted small">${detail}</div>`}
      </div>
      ${doomed ? this.#renderConfirm(model) : this.#renderActions(model)}
    </li>`;
  }

  #renderActions(model: CachedModel): TemplateResult {
    return html`<button
        class="secondary"
        data-testid="cached-load"
        @click=${() => {
          this.actions.loadCached(model);
        }}
      >
        ${model.complete ? strings.load : strings.resumeDownload}
      </button>
      <button
        class="icon"
        data-testid="cached-delete"
        aria-label="${strings.remove} ${model.name}"
        title=${strings.remove}
        @click=${() => (this.doomed = model.id)}
      >
        ${icon('trash')}
      </button>`;
  }

  #renderConfirm(model: CachedModel): TemplateResult {
    const remove = (): void => {
      this.doomed = undefined;
      this.actions.deleteCached(model);
    };
    return html`<button class="secondary" @click=${() => (this.doomed = undefined)}>${strings.cancel}</button>
      <button class="primary" data-testid="cached-delete-confirm" @click=${remove}>${strings.remove}</button>`;
  }
}

customElements.define('linnet-kept-models', LinnetKeptModels);
