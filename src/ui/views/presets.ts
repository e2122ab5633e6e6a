/**
 * <linnet-presets>: chooses a preset, keeps the settings of now as one, deletes one's own. It knows which presets there are and tells
 * what is wanted through the actions.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Actions } from '../state/actions.ts';
import { presetOf, type Preset, type PresetSettings } from '../state/presets.ts';
import { strings } from '../strings.ts';
import { icon } from './icons.ts';
import { base, buttons, fields } from './styles.ts';

/** What the settings are when they are no preset. */
const NONE = '';

export class LinnetPresets extends LitElement {
  static override properties = {
    settings: { attribute: false },
    own: { attribute: false },
    actions: { attribute: false },
    naming: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      :host {
        display: block;
        margin-bottom: 1.25rem;
      }
      .row {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        margin-top: 0.3rem;
      }
      button.quiet {
        margin: 0.25rem 0 0 -0.6rem;
      }
    `,
  ];

  declare settings: PresetSettings;
  declare own: readonly Preset[];
  declare actions: Actions;
  declare naming: boolean;

  constructor() {
    super();
    this.own = [];
    this.naming = false;
  }

  override render(): TemplateResult {
    const presets = [...strings.presets, ...this.own];
    const current = presetOf(this.settings, presets);
    return html`<label for="preset">${strings.preset}</label>
      <div class="row">
        <select
          id="preset"
          data-testid="settings-preset"
          .value=${live(current?.id ?? NONE)}
          @change=${(event: Event) => {
            const chosen = event.target instanceof HTMLSelectElement ? event.target.value : NONE;
            const preset = presets.find(({ id }) => id === chosen);
            if (preset !== undefined) this.actions.applyPreset(preset);
          }}
        >
          ${current === undefined ? html`<option value=${NONE} selected>${strings.ownPreset}</option>` : nothing}
          ${presets.map(({ id, name }) => html`<option value=${id} ?selected=${id === current?.id}>${name}</option>`)}
        </select>
        ${current !== undefined && this.own.includes(current) ? this.#renderDelete(current) : nothing}
      </div>
      ${current === undefined ? this.#renderSave() : nothing}`;
  }

  #renderDelete(preset: Preset): TemplateResult {
    return html`<button
      class="icon"
      data-testid="preset-delete"
      aria-label=${strings.deletePreset}
      title=${strings.deletePreset}
      @click=${() => {
        this.actions.deletePreset(preset);
      }}
    >
      ${icon('trash')}
    </button>`;
  }

  #renderSave(): TemplateResult {
    if (!this.naming) {
      return html`<button class="quiet" data-testid="preset-save" @click=${() => (this.naming = true)}>
        ${strings.savePreset}
      </button>`;
    }
    return html`<form class="row" @submit=${this.#onSubmit}>
      <label class="visually-hidden" for="name">${strings.presetName}</label>
      <input id="name" data-testid="preset-name" maxlength="60" placeholder=${strings.presetName} required />
      <button class="secondary" type="submit" data-testid="preset-keep">${strings.save}</button>
    </form>`;
  }

  override updated(): void {
    if (this.naming) this.renderRoot.querySelector<HTMLInputElement>('#name')?.focus();
  }

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault();
    const name = this.renderRoot.querySelector<HTMLInputElement>('#name')?.value.trim() ?? '';
    if (name === '') return;
    this.naming = false;
    this.actions.savePreset(name);
  };
}

customElements.define('linnet-presets', LinnetPresets);
