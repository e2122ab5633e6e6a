/**
 * <linnet-device-panel>: a dialog with what the engine runs on: adapter, features, limits, plots of what it did, the kernels in use and those that
 * are struck out. It shows two reports of the engine and changes nothing.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { DeviceReport, KernelFamilyReport, KernelVariantReport, SelfTestReport } from '../../worker/api.ts';
import { deviceStrings as strings } from '../device-strings.ts';
import { formatBytes, formatCount, formatDuration, formatMicroseconds } from '../state/format.ts';
import { strings as pageStrings } from '../strings.ts';
import { devicePanelStyles } from './device-panel-styles.ts';
import type { StatsSample } from '../state/stats-sample.ts';
import { icon } from './icons.ts';
import { base, buttons, dialogs } from './styles.ts';

export class LinnetDevicePanel extends LitElement {
  static override properties = {
    device: { attribute: false },
    selfTest: { attribute: false },
    samples: { attribute: false },
    copied: { state: true },
  };
  static override styles = [base, buttons, dialogs, devicePanelStyles];

  declare device: DeviceReport | undefined;
  /** Undefined until the engine has told it. */
  declare selfTest: SelfTestReport | undefined;
  declare samples: readonly StatsSample[];
  declare copied: boolean;

  constructor() {
    super();
    this.samples = [];
    this.copied = false;
  }

  open(): void {
    // Where they cannot be fetched, the panel has everything else.
    import('./plots.ts').catch(() => undefined);
    const dialog = this.renderRoot.querySelector('dialog');
    if (dialog?.open === false) dialog.showModal();
  }

  override render(): TemplateResult {
    const { device, selfTest } = this;
    return html`<dialog aria-labelledby="title" @click=${this.#onBackdrop} data-testid="device-panel">
      <header>
        <h2 id="title">${strings.title}</h2>
        <button class="icon" aria-label=${pageStrings.close} data-testid="device-panel-close" @click=${this.#close}>
          ${icon('close')}
        </button>
      </header>
      ${device === undefined ? nothing : renderDevice(device)}
      <h3>${strings.plots}</h3>
      ${
        this.samples.length < 2
          ? html`<p class="hint">${strings.noPlots}</p>`
          : html`<linnet-plots .samples=${this.samples}></linnet-plots>`
      }
      <h3>${strings.kernels}</h3>
      ${renderFamilies(selfTest?.families ?? [])} ${selfTest === undefined ? nothing : renderStruckOut(selfTest)}
      <footer>
        <p class="hint">
          ${
            selfTest === undefined
              ? nothing
              : strings.tested(
                  formatCount(selfTest.numKernelsTested),
                  formatCount(selfTest.numKernelsRemembered),
                  formatDuration(selfTest.testingMs),
                )
          }
        </p>
        <button class="secondary" data-testid="device-panel-copy" @click=${this.#copy}>
          ${icon(this.copied ? 'check' : 'copy', 18)} ${this.copied ? strings.copied : strings.copy}
        </button>
      </footer>
    </dialog>`;
  }

  readonly #copy = async (): Promise<void> => {
    const { device, selfTest } = this;
    await navigator.clipboard.writeText(JSON.stringify({ device, selfTest }, null, 2));
    this.copied = true;
    setTimeout(() => (this.copied = false), 2000);
  };

  readonly #close = (): void => {
    this.renderRoot.querySelector('dialog')?.close();
  };

  readonly #onBackdrop = (event: Event): void => {
    if (event.target instanceof HTMLDialogElement) event.target.close();
  };
}

customElements.define('linnet-device-panel', LinnetDevicePanel);

function renderDevice(device: DeviceReport): TemplateResult {
  const { limits, subgroupSize } = device;
  const name = device.description === '' ? device.vendor : device.description;
  const kind = [device.vendor, device.architecture].filter((part) => part !== '').join(' ');
  return html`<dl data-testid="device-facts">
    <dt>${strings.adapter}</dt>
    <dd>
      ${name === '' ? strings.unknownAdapter : name}${device.software ? html` (${strings.softwareAdapter})` : nothing}
    </dd>
    ${
      kind === '' || kind === name
        ? nothing
        : html`<dt>${strings.architecture}</dt>
            <dd>${kind}</dd>`
    }
    <dt>${strings.subgroups}</dt>
    <dd>${subgroupSize === undefined ? strings.none : strings.subgroupsOf(subgroupSize.min, subgroupSize.max)}</dd>
    <dt>${strings.limits}</dt>
    <dd>
      ${[
        strings.binding(formatBytes(limits.maxStorageBufferBindingBytes)),
        strings.buffer(formatBytes(limits.maxBufferBytes)),
        strings.shared(formatBytes(limits.maxWorkgroupStorageBytes)),
      ].join(', ')}
    </dd>
    <dt>${strings.features}</dt>
    <dd>
      ${
        device.features.length === 0
          ? strings.none
          : html`<ul class="chips">
              ${device.features.map((feature) => html`<li>${feature}</li>`)}
            </ul>`
      }
    </dd>
  </dl>`;
}

function renderFamilies(families: readonly KernelFamilyReport[]): TemplateResult {
  if (families.length === 0) return html`<p class="hint">${strings.noModel}</p>`;
  return html`<p class="hint">${strings.kernelsHint}</p>
    ${families.map(
      (family) =>
        html`<section class="family" data-testid="kernel-family">
          <p>${strings.families[family.family] ?? family.family}</p>
          <p class="hint">${family.chosen}: ${strings.reasons[family.reason]}</p>
          <ul class="variants">
            ${family.variants.map((variant) => renderVariant(variant, variant.name === family.chosen))}
          </ul>
        </section>`,
    )}`;
}

function renderVariant({ name, state, microseconds }: KernelVariantReport, isChosen: boolean): TemplateResult {
  return html`<li class="${state} ${isChosen ? 'chosen' : ''}">
    <span class="name">${name}${isChosen ? html`<small>${strings.inUse}</small>` : nothing}</span>
    <span class="time">${microseconds === undefined ? '' : formatMicroseconds(microseconds)}</span>
    <span class="state ${state}">${strings.states[state]}</span>
  </li>`;
}

function renderStruckOut({ struckOut }: SelfTestReport): TemplateResult | typeof nothing {
  if (struckOut.length === 0) return nothing;
  return html`<h3>${strings.struckOut}</h3>
    <p class="hint">${strings.struckOutHint}</p>
    <ul class="problems" data-testid="struck-out">
      ${struckOut.map(
        ({ kernel, problem, detail }) =>
          html`<li>
            <span class="name">${kernel}</span> ${strings.problems[problem]}
            <code>${detail}</code>
          </li>`,
      )}
    </ul>`;
}
