/**
 * <linnet-consent>: the question before a download: how big, how much memory, under which licence, kept or not. Nothing is
 * fetched until the answer is yes. A modal dialog; closing it in any way is a no.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { ModelInspection, ModelSource, StorageReport } from '../../worker/api.ts';
import type { Actions } from '../state/actions.ts';
import { judgeFit, type Fit } from '../state/fit.ts';
import { formatBytes, formatCount } from '../state/format.ts';
import { strings } from '../strings.ts';
import { icon } from './icons.ts';
import { base, buttons, dialogs, fields } from './styles.ts';

export class LinnetConsent extends LitElement {
  static override properties = {
    inspection: { attribute: false },
    source: { attribute: false },
    storage: { attribute: false },
    deviceMemoryGib: { attribute: false },
    actions: { attribute: false },
    keep: { attribute: false },
  };
  static override styles = [
    base,
    buttons,
    fields,
    dialogs,
    css`
      dialog {
        width: min(32rem, calc(100vw - 1.5rem));
        max-height: calc(100dvh - 1.5rem);
        border-radius: 20px;
        padding: 1.5rem;
      }
      h2 {
        font-size: 1.375rem;
        overflow-wrap: anywhere;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 0.7rem 1.25rem;
        margin: 1.25rem 0;
      }
      dt {
        color: var(--muted);
      }
      dd {
        overflow-wrap: anywhere;
      }
      dd strong {
        font-weight: 600;
      }
      dd .small {
        display: block;
        color: var(--muted);
      }
      .verdict {
        display: flex;
        gap: 0.6rem;
        align-items: flex-start;
        padding: 0.7rem 0.9rem;
        border-radius: var(--radius-small);
        background: var(--sunken);
        font-size: 0.9375rem;
      }
      .verdict.good svg {
        color: var(--ok);
      }
      .verdict.warn {
        background: var(--warn-bg);
        color: var(--warn-text);
      }
      .verdict + .verdict {
        margin-top: 0.5rem;
      }
      .keep {
        display: flex;
        gap: 0.7rem;
        align-items: flex-start;
        margin-top: 1.1rem;
        font-weight: 450;
      }
      .keep input {
        margin-top: 0.2rem;
      }
      .actions {
        display: flex;
        flex-wrap: wrap-reverse;
        justify-content: flex-end;
        gap: 0.6rem;
        margin-top: 1.4rem;
      }
      @media (max-width: 480px) {
        .actions button {
          flex: 1 1 100%;
        }
      }
    `,
  ];

  declare inspection: ModelInspection;
  declare source: ModelSource;
  declare storage: StorageReport | undefined;
  declare deviceMemoryGib: number | undefined;
  declare actions: Actions;
  /** Whether the box is ticked; what it is set to is where it starts. */
  declare keep: boolean;

  constructor() {
    super();
    this.keep = true;
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector('dialog')?.showModal();
  }

  override render(): TemplateResult {
    const fit = judgeFit(this.inspection, this.storage, this.deviceMemoryGib);
    const { cached, fileBytes } = this.inspection;
    const local = cached || this.source.kind === 'file';
    const canKeep = fit.storageFits;
    return html`<dialog aria-labelledby="title" @close=${this.actions.declineConsent} data-testid="consent">
      <h2 id="title">${strings.consentTitle(this.inspection.name)}</h2>
      ${this.#renderFacts(fit)} ${renderVerdict(fit)}
      ${
        canKeep
          ? nothing
          : html`<p class="verdict warn" data-testid="no-space">
              ${icon('warning')}${strings.consentNoSpace(formatBytes(fileBytes), formatBytes(fit.freeStorageBytes ?? 0))}
            </p>`
      }
      ${
        cached
          ? nothing
          : html`<label class="keep">
              <input
                type="checkbox"
                data-testid="consent-keep"
                .checked=${this.keep && canKeep}
                ?disabled=${!canKeep}
                @change=${this.#onKeep}
              />${strings.consentKeep}
            </label>`
      }
      <div class="actions">
        <button class="secondary" data-testid="consent-cancel" @click=${this.#decline}>${strings.cancel}</button>
        <button
          class="primary"
          autofocus
          data-testid="consent-accept"
          @click=${() => {
            this.actions.acceptConsent({ keep: this.keep && canKeep });
          }}
        >
          ${local ? strings.consentStart : `${strings.consentDownload} ${formatBytes(fileBytes)}`}
        </button>
      </div>
    </dialog>`;
  }

  #renderFacts(fit: Fit): TemplateResult {
    const { inspection, source } = this;
    const size = formatBytes(inspection.fileBytes);
    const { weights, kvCache } = inspection.gpuBytes;
    return html`<dl>
      <dt>${source.kind === 'file' ? strings.consentFileSize : strings.consentSize}</dt>
      <dd><strong data-testid="consent-size">${inspection.cached ? strings.consentHere(size) : size}</strong></dd>
      <dt>${strings.consentMemory}</dt>
      <dd>
        <strong>${formatBytes(fit.gpuBytes)}</strong>
        <span class="small">${strings.consentMemoryDetail(formatBytes(weights), formatBytes(kvCache))}</span>
      </dd>
      <dt>${strings.consentContext}</dt>
      <dd>
        ${strings.consentContextDetail(formatCount(inspection.plannedContextLength), formatCount(inspection.contextLength))}
      </dd>
      <dt>${strings.consentModel}</dt>
      <dd>${inspection.architecture}, ${formatParameters(inspection.numParameters)}, ${inspection.weightType}</dd>
      <dt>${strings.consentLicence}</dt>
      <dd>${inspection.licence ?? strings.consentLicenceUnknown}</dd>
    </dl>`;
  }

  readonly #onKeep = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.keep = event.target.checked;
  };

  readonly #decline = (): void => {
    this.renderRoot.querySelector('dialog')?.close();
  };
}

function renderVerdict(fit: Fit): TemplateResult {
  switch (fit.memory) {
    case 'fits':
      return html`<p class="verdict good">${icon('check')}${strings.fits}</p>`;
    case 'tight':
      return html`<p class="verdict warn">${icon('warning')}${strings.fitsTight}</p>`;
    case 'unknown':
      return html`<p class="verdict">${strings.fitsUnknown}</p>`;
  }
}

/** `1235814400` -> `1.2B`. */
function formatParameters(count: number): string {
  const [value, unit] = count >= 1e9 ? [count / 1e9, 'B'] : count >= 1e6 ? [count / 1e6, 'M'] : [count / 1e3, 'k'];
  return `${value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })}${unit}`;
}

customElements.define('linnet-consent', LinnetConsent);
