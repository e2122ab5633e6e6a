/**
 * <linnet-header>: the product's name, the model in use and the way to another one, a new chat, settings and theme, and a
 * warning when the engine runs without a graphics card.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { DeviceReport, LoadedModel } from '../../worker/api.ts';
import type { Actions } from '../state/actions.ts';
import { strings } from '../strings.ts';
import { bird, icon } from './icons.ts';
import { base, buttons } from './styles.ts';

export class LinnetHeader extends LitElement {
  static override properties = {
    model: { attribute: false },
    device: { attribute: false },
    dark: { type: Boolean },
    hasTurns: { type: Boolean },
    hasHistory: { type: Boolean },
    fixedTheme: { type: Boolean },
    actions: { attribute: false },
  };
  static override styles = [
    base,
    buttons,
    css`
      header {
        display: flex;
        align-items: center;
        gap: 0.25rem;
        padding: 0.4rem 0.6rem 0.4rem 1rem;
        border-bottom: 1px solid var(--line);
      }
      .chats {
        margin-left: -0.6rem;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 0.55rem;
        font-weight: 650;
        font-size: 1.125rem;
        letter-spacing: -0.02em;
        margin-right: auto;
      }
      button.model {
        min-width: 0;
        flex: 0 1 auto;
        font-size: 0.9375rem;
        padding-right: 0.6rem;
      }
      button.model:hover {
        background: var(--sunken);
      }
      .model span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .device {
        display: flex;
        justify-content: center;
        align-items: center;
        gap: 0.5rem;
        padding: 0.35rem 1rem;
        font-size: 0.8125rem;
        background: var(--warn-bg);
        color: var(--warn-text);
        border-bottom: 1px solid var(--warn-line);
      }
      @container (max-width: 560px) {
        header {
          padding-left: 0.75rem;
        }
        .brand.with-model span {
          display: none;
        }
        button.model {
          margin-right: auto;
          padding-left: 0.5rem;
        }
        .brand.with-model {
          margin-right: 0;
        }
      }
    `,
  ];

  declare model: LoadedModel | undefined;
  declare device: DeviceReport | undefined;
  declare dark: boolean;
  declare hasTurns: boolean;
  /** Conversations are kept, so there is a list of them. */
  declare hasHistory: boolean;
  /** The colours are somebody else's choice. */
  declare fixedTheme: boolean;
  declare actions: Actions;

  constructor() {
    super();
    this.dark = false;
    this.hasTurns = false;
    this.hasHistory = false;
    this.fixedTheme = false;
  }

  override render(): TemplateResult {
    return html`<header>
        ${
          this.hasHistory
            ? html`<button
                class="icon chats"
                data-testid="chats-button"
                aria-label=${strings.chats}
                aria-haspopup="dialog"
                title=${strings.chats}
                @click=${() => this.dispatchEvent(new CustomEvent('open-history', { bubbles: true, composed: true }))}
              >
                ${icon('chats', 22)}
              </button>`
            : nothing
        }
        <div class="brand ${this.model === undefined ? '' : 'with-model'}">
          ${bird(32)}<span>${strings.product}</span>
        </div>
        ${this.#renderModel()}
        ${
          this.hasTurns
            ? html`<button
                class="icon"
                data-testid="new-chat"
                aria-label=${strings.newChat}
                title=${strings.newChat}
                @click=${this.actions.newChat}
              >
                ${icon('compose', 22)}
              </button>`
            : nothing
        }
        ${this.fixedTheme ? nothing : this.#renderThemeToggle()}
        <button
          class="icon"
          data-testid="settings-button"
          aria-label=${strings.settings}
          aria-haspopup="dialog"
          title=${strings.settings}
          @click=${() => this.dispatchEvent(new CustomEvent('open-settings', { bubbles: true, composed: true }))}
        >
          ${icon('settings', 22)}
        </button>
      </header>
      ${this.#renderWarning()}`;
  }

  #renderThemeToggle(): TemplateResult {
    const themeLabel = this.dark ? strings.themeToLight : strings.themeToDark;
    return html`<button
      class="icon"
      data-testid="theme-toggle"
      aria-label=${themeLabel}
      title=${themeLabel}
      @click=${() => {
        this.actions.setTheme(this.dark ? 'light' : 'dark');
      }}
    >
      ${icon(this.dark ? 'sun' : 'moon', 22)}
    </button>`;
  }

  #renderModel(): TemplateResult | typeof nothing {
    if (this.model === undefined) return nothing;
    const { name } = this.model.inspection;
    return html`<button
      class="model"
      data-testid="change-model"
      title=${strings.changeModel}
      @click=${this.actions.chooseModel}
    >
      <span>${name}</span><span class="visually-hidden">, ${strings.changeModel}</span>${icon('down', 18)}
    </button>`;
  }

  /** A card at work needs no banner; the want of one does. */
  #renderWarning(): TemplateResult | typeof nothing {
    if (this.device?.software !== true) return nothing;
    return html`<p class="device" data-testid="device-info">
      ${icon('warning', 16)}<span>${strings.deviceSoftware}</span>
    </p>`;
  }
}

customElements.define('linnet-header', LinnetHeader);
