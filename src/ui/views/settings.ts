/**
 * <linnet-settings>: the drawer with presets, system prompt, sampling and memory settings. It edits values within the bounds of
 * NUMBER_FIELDS and tells them through the actions; what they do is not known here.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { DeviceReport } from '../../worker/api.ts';
import type { Actions } from '../state/actions.ts';
import type { Preset } from '../state/presets.ts';
import {
  clampNumber,
  NUMBER_FIELDS,
  parseKvType,
  parsePrecision,
  type NumberSetting,
  type Settings,
} from '../state/settings.ts';
import { deviceStrings } from '../device-strings.ts';
import { isLanguage, LANGUAGES } from '../language.ts';
import type { LanguageChoice } from '../state/app-state.ts';
import { strings } from '../strings.ts';
import { icon } from './icons.ts';
import './presets.ts';
import { settingsStyles } from './settings-styles.ts';
import { base, buttons, dialogs, drawers, fields } from './styles.ts';

const TEST_IDS: Partial<Record<NumberSetting, string>> = {
  temperature: 'settings-temperature',
  seed: 'settings-seed',
  maxTokens: 'settings-max-tokens',
  contextLength: 'settings-context-length',
};

export class LinnetSettings extends LitElement {
  static override properties = {
    settings: { attribute: false },
    presets: { attribute: false },
    language: { attribute: false },
    actions: { attribute: false },
    device: { attribute: false },
    needsReload: { type: Boolean },
    benchUrl: { attribute: false },
  };
  static override styles = [base, buttons, fields, dialogs, drawers, settingsStyles];

  declare settings: Settings;
  /** The visitor's own. */
  declare presets: readonly Preset[];
  /** What was chosen; undefined where there is no choice. */
  declare language: LanguageChoice | undefined;
  declare actions: Actions;
  declare device: DeviceReport | undefined;
  declare needsReload: boolean;
  /** Where this page can be measured; an embed has no such page. */
  declare benchUrl: string | undefined;

  constructor() {
    super();
    this.needsReload = false;
  }

  open(): void {
    const dialog = this.renderRoot.querySelector('dialog');
    if (dialog?.open === false) dialog.showModal();
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" @click=${this.#onBackdrop} data-testid="settings">
      <div class="drawer">
        <header>
          <h2 id="title">${strings.settingsTitle}</h2>
          <button class="icon" aria-label=${strings.close} data-testid="settings-close" @click=${this.#close}>
            ${icon('close')}
          </button>
        </header>
        <linnet-presets .settings=${this.settings} .own=${this.presets} .actions=${this.actions}></linnet-presets>
        <label for="system">${strings.systemPrompt}</label>
        <p class="hint" id="system-hint">${strings.systemPromptHint}</p>
        <textarea
          id="system"
          rows="4"
          aria-describedby="system-hint"
          data-testid="settings-system"
          .value=${live(this.settings.systemPrompt)}
          @input=${this.#onSystemPrompt}
        ></textarea>
        <h3>${strings.sampling}</h3>
        <div class="grid">
          ${this.#renderNumber('temperature')} ${this.#renderNumber('topP')} ${this.#renderNumber('topK')}
          ${this.#renderNumber('minP')} ${this.#renderNumber('repetitionPenalty')} ${this.#renderNumber('seed')}
          ${this.#renderNumber('maxTokens')}
        </div>
        ${this.#renderProbabilities()}
        <h3>${strings.loading}</h3>
        <div class="grid">
          ${this.#renderNumber('contextLength')} ${this.#renderKvType()} ${this.#renderPrecision()}
          ${this.#renderOverflow()}
        </div>
        ${
          this.needsReload
            ? html`<button class="primary apply" data-testid="settings-reload" @click=${this.#applyByReload}>
                ${strings.applyReload}
              </button>`
            : nothing
        }
        ${this.#renderLanguage()}
        <footer>
          <button class="quiet" @click=${this.actions.resetSettings}>${strings.resetSettings}</button>
          ${this.#renderDevice()}
        </footer>
      </div>
    </dialog>`;
  }

  #renderNumber(name: NumberSetting): TemplateResult {
    const { min, max, step } = NUMBER_FIELDS[name];
    const { label, hint } = strings.number[name];
    const value = this.settings[name];
    const commit = (event: Event): void => {
      if (event.target instanceof HTMLInputElement) this.#commitNumber(name, event.target);
    };
    return html`<div class="field">
      <label for=${name}>${label}</label>
      <input
        id=${name}
        type="number"
        inputmode="decimal"
        min=${min}
        max=${max}
        step=${step}
        data-testid=${TEST_IDS[name] ?? `settings-${name}`}
        aria-describedby="${name}-hint"
        placeholder=${name === 'seed' ? strings.random : name === 'maxTokens' ? strings.noLimit : strings.automatic}
        .value=${live(value === undefined ? '' : String(value))}
        @change=${commit}
      />
      <p class="hint" id="${name}-hint">${hint}</p>
    </div>`;
  }

  #commitNumber(name: NumberSetting, input: HTMLInputElement): void {
    this.actions.changeSettings({ [name]: clampNumber(NUMBER_FIELDS[name], input.valueAsNumber) });
    // What is out of bounds is shown as what it has become.
    this.requestUpdate();
  }

  #renderKvType(): TemplateResult {
    const change = (event: Event): void => {
      if (!(event.target instanceof HTMLSelectElement)) return;
      this.actions.changeSettings({ kvType: parseKvType(event.target.value) });
    };
    return this.#renderSelect('kv', strings.kvType, strings.kvTypes, this.settings.kvType ?? 'auto', change);
  }

  #renderPrecision(): TemplateResult {
    const change = (event: Event): void => {
      if (!(event.target instanceof HTMLSelectElement)) return;
      this.actions.changeSettings({ precision: parsePrecision(event.target.value) });
    };
    return this.#renderSelect('precision', strings.precision, strings.precisions, this.settings.precision, change);
  }

  #renderOverflow(): TemplateResult {
    const change = (event: Event): void => {
      if (!(event.target instanceof HTMLSelectElement)) return;
      this.actions.changeSettings({ overflow: event.target.value === 'stop' ? 'stop' : 'dropOldestTurns' });
    };
    return this.#renderSelect('overflow', strings.overflow, strings.overflows, this.settings.overflow, change);
  }

  #renderProbabilities(): TemplateResult {
    const change = (event: Event): void => {
      if (event.target instanceof HTMLInputElement)
        this.actions.changeSettings({ probabilities: event.target.checked });
    };
    return html`<div class="check">
      <input
        id="probabilities"
        type="checkbox"
        data-testid="settings-probabilities"
        aria-describedby="probabilities-hint"
        .checked=${live(this.settings.probabilities)}
        @change=${change}
      />
      <label for="probabilities">${strings.probabilities}</label>
      <p class="hint" id="probabilities-hint">${strings.probabilitiesHint}</p>
    </div>`;
  }

  /** Its own name in each language; not in somebody else's page, which has one. */
  #renderLanguage(): TemplateResult | typeof nothing {
    if (this.language === undefined) return nothing;
    const change = (event: Event): void => {
      if (!(event.target instanceof HTMLSelectElement)) return;
      const { value } = event.target;
      this.actions.setLanguage(isLanguage(value) ? value : 'auto');
    };
    const options = { auto: strings.languageAuto, ...LANGUAGES };
    return html`<div class="language">
      ${this.#renderSelect('language', strings.language, options, this.language, change)}
    </div>`;
  }

  #renderSelect(
    id: string,
    label: string,
    options: Readonly<Record<string, string>>,
    selected: string,
    change: (event: Event) => void,
  ): TemplateResult {
    return html`<div class="field wide">
      <label for=${id}>${label}</label>
      <select id=${id} data-testid="settings-${id}" @change=${change}>
        ${Object.entries(options).map(([value, text]) => html`<option value=${value} ?selected=${value === selected}>${text}</option>`)}
      </select>
    </div>`;
  }

  #renderDevice(): TemplateResult | typeof nothing {
    const { device } = this;
    if (device === undefined) return nothing;
    const name = [device.description, device.vendor].find((part) => part !== '') ?? strings.deviceUnknown;
    const details = [name, device.architecture, ...device.features].filter((part) => part !== '');
    return html`<p class="small muted" data-testid="device-details">
      ${strings.device([...new Set(details)].join(', '))}
      <button class="link" data-testid="device-panel-button" aria-haspopup="dialog" @click=${this.#openDevice}>
        ${deviceStrings.open}
      </button>
      ${this.benchUrl === undefined ? nothing : html`<a href=${this.benchUrl} data-testid="bench-link">${strings.bench}</a>`}
    </p>`;
  }

  readonly #onSystemPrompt = (event: Event): void => {
    if (event.target instanceof HTMLTextAreaElement) this.actions.changeSettings({ systemPrompt: event.target.value });
  };

  readonly #openDevice = (): void => {
    this.#close();
    this.dispatchEvent(new CustomEvent('open-device', { bubbles: true, composed: true }));
  };

  readonly #close = (): void => {
    this.renderRoot.querySelector('dialog')?.close();
  };

  readonly #applyByReload = (): void => {
    this.#close();
    this.actions.reloadModel();
  };

  /** A click on the dialog itself, not on the drawer that fills it, is a click beside it. */
  readonly #onBackdrop = (event: Event): void => {
    if (event.target instanceof HTMLDialogElement) event.target.close();
  };
}

customElements.define('linnet-settings', LinnetSettings);
