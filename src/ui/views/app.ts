/**
 * <linnet-app>: one view for each phase of the state, with header, settings, dropping of files and what a screen reader is
 * told. It holds no state of its own but whether a file hovers over the page and which notes were read, and calls nothing but the actions.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { LoadedModel } from '../../worker/api.ts';
import type { Actions } from '../state/actions.ts';
import {
  builtInIsLoaded,
  hardwareName,
  loadedModel,
  needsReload,
  type AppState,
  type Phase,
} from '../state/app-state.ts';
import { isAnswering } from '../state/conversation.ts';
import { strings } from '../strings.ts';
import { appStyles } from './app-styles.ts';
import './conversation.ts';
import type { LinnetConversation } from './conversation.ts';
import './consent.ts';
import './device-panel.ts';
import type { LinnetDevicePanel } from './device-panel.ts';
import './header.ts';
import type { LinnetHistory } from './history.ts';
import { bird, icon } from './icons.ts';
import './no-webgpu.ts';
import './progress.ts';
import './settings.ts';
import type { LinnetSettings } from './settings.ts';
import { base, buttons, tokens } from './styles.ts';
import './welcome.ts';

export class LinnetApp extends LitElement {
  static override properties = {
    state: { attribute: false },
    actions: { attribute: false },
    dark: { type: Boolean },
    deviceMemoryGib: { attribute: false },
    benchUrl: { attribute: false },
    keepsHistory: { type: Boolean },
    embedded: { type: Boolean, reflect: true },
    dragging: { state: true },
    notesReadOf: { state: true },
  };
  static override styles = [tokens, base, buttons, appStyles];

  declare state: AppState;
  declare actions: Actions;
  /** The colours in use, whatever chose them. */
  declare dark: boolean;
  declare deviceMemoryGib: number | undefined;
  declare benchUrl: string | undefined;
  /** Conversations outlive the page. */
  declare keepsHistory: boolean;
  /** It is a guest: keys and files that somebody drops are its own only within it, and colours are its page's. */
  declare embedded: boolean;
  declare dragging: boolean;
  /** The model whose notes were dismissed. */
  declare notesReadOf: LoadedModel | undefined;
  /** Ends what is listened to while the element is connected. */
  #connection = new AbortController();

  constructor() {
    super();
    this.dark = false;
    this.keepsHistory = false;
    this.embedded = false;
    this.dragging = false;
    this.addEventListener('open-settings', () => {
      this.renderRoot.querySelector<LinnetSettings>('linnet-settings')?.open();
    });
    this.addEventListener('open-history', () => {
      this.renderRoot.querySelector<LinnetHistory>('linnet-history')?.open();
    });
    this.addEventListener('open-device', () => {
      this.actions.inspectDevice();
      this.renderRoot.querySelector<LinnetDevicePanel>('linnet-device-panel')?.open();
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#connection = new AbortController();
    const listening = { signal: this.#connection.signal };
    const scope: EventTarget = this.embedded ? this : document;
    scope.addEventListener('keydown', this.#onKeydown, listening);
    scope.addEventListener('dragover', this.#onDragOver, listening);
    scope.addEventListener('dragleave', this.#onDragLeave, listening);
    scope.addEventListener('drop', this.#onDrop, listening);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#connection.abort();
  }

  /** Where a visitor goes on: the composer, or what stands in its place. */
  override focus(): void {
    if (this.state.phase.kind === 'ready') this.#chat?.focusComposer();
    else this.renderRoot.querySelector('main')?.focus();
  }

  override render(): TemplateResult {
    const { phase, info, conversation, settings, notice, announcement } = this.state;
    return html`${
        this.embedded ? nothing : html`<a class="skip" href="#main" @click=${this.#skip}>${strings.skipToChat}</a>`
      }
      <linnet-header
        part="header"
        .model=${loadedModel(phase)}
        .device=${info?.device}
        .actions=${this.actions}
        ?dark=${this.dark}
        ?hasHistory=${this.keepsHistory}
        ?fixedTheme=${this.embedded}
        ?hasTurns=${conversation.turns.length > 0 && phase.kind === 'ready'}
      ></linnet-header>
      ${phase.kind === 'ready' ? this.#renderNotes(phase.model) : nothing}
      <main id="main" part="main" tabindex="-1">${this.#renderPhase(phase)}</main>
      <linnet-settings
        .settings=${settings}
        .presets=${this.state.presets}
        .language=${this.state.language}
        .actions=${this.actions}
        .device=${info?.device}
        .benchUrl=${benchUrlOf(this.benchUrl, phase)}
        ?needsReload=${needsReload(settings, this.state.loadedWith) && phase.kind === 'ready'}
      ></linnet-settings>
      ${this.keepsHistory ? this.#renderHistory() : nothing}
      <linnet-device-panel
        .device=${info?.device}
        .selfTest=${this.state.selfTest}
        .samples=${this.state.samples}
      ></linnet-device-panel>
      ${
        notice === undefined
          ? nothing
          : html`<div class="notice" role="alert">
              <p>${notice}</p>
              <button class="icon" aria-label=${strings.dismiss} @click=${this.actions.dismissNotice}>
                ${icon('close')}
              </button>
            </div>`
      }
      ${this.state.updateReady && notice === undefined ? this.#renderUpdate() : nothing}
      ${
        this.dragging
          ? html`<div class="drop">
              ${icon('file', 40)}
              <p>${strings.dropHere}</p>
            </div>`
          : nothing
      }
      <div class="visually-hidden" aria-live="polite" data-testid="announcer">${announcement}</div>`;
  }

  override updated(changed: PropertyValues<this>): void {
    const before = changed.get('state')?.phase.kind;
    const { kind } = this.state.phase;
    // The one thing to do in a ready chat is to write; the element needs its own first render before it can be focused.
    if (kind === 'ready' && before !== 'ready' && this.#mayTakeFocus) {
      requestAnimationFrame(() => this.#chat?.focusComposer());
    }
  }

  #renderPhase(phase: Phase): TemplateResult {
    switch (phase.kind) {
      case 'starting':
        return html`<div class="starting" role="status">
          ${bird(72)}
          <p>${strings.starting}</p>
        </div>`;
      case 'noWebGpu':
        return html`<linnet-no-webgpu .reason=${phase.reason} .actions=${this.actions}></linnet-no-webgpu>`;
      case 'choosing':
      case 'inspecting':
      case 'failed':
      case 'consent':
        return this.#renderWelcome(phase);
      case 'loading':
        return html`<linnet-progress
          .name=${phase.choice.name}
          .progress=${phase.progress}
          .actions=${this.actions}
        ></linnet-progress>`;
      case 'ready':
        return this.#renderChat(phase.model.inspection.name, undefined);
      case 'workerLost':
        return this.#renderChat('', phase);
    }
  }

  /** The element is defined by whoever keeps conversations: an embed has neither. */
  #renderHistory(): TemplateResult {
    return html`<linnet-history
      .history=${this.state.history}
      .current=${this.state.conversation.id}
      .actions=${this.actions}
    ></linnet-history>`;
  }

  #renderUpdate(): TemplateResult {
    return html`<div class="notice" role="status" data-testid="update-notice">
      <p>${strings.updateReady}</p>
      <button class="secondary" data-testid="update-apply" @click=${this.actions.applyUpdate}>
        ${strings.updateApply}
      </button>
      <button class="icon" aria-label=${strings.dismiss} @click=${this.actions.declineUpdate}>${icon('close')}</button>
    </div>`;
  }

  /** What the engine wants a person to know about this model, above any conversation with it. */
  #renderNotes(model: LoadedModel): TemplateResult | typeof nothing {
    if (model.notes.length === 0 || this.notesReadOf === model) return nothing;
    return html`<aside class="model-notes" aria-label=${strings.modelNotes}>
      <div>${model.notes.map((note) => html`<p data-testid="model-note">${note}</p>`)}</div>
      <button
        class="icon"
        data-testid="model-notes-dismiss"
        aria-label=${strings.dismiss}
        @click=${() => (this.notesReadOf = model)}
      >
        ${icon('close', 18)}
      </button>
    </aside>`;
  }

  /** One template for all its phases, so that what was typed, the scroll position and the focus outlive the question. */
  #renderWelcome(phase: Phase): TemplateResult {
    const question =
      phase.kind === 'consent'
        ? html`<linnet-consent
            .inspection=${phase.inspection}
            .source=${phase.choice.source}
            .keep=${phase.choice.keep ?? true}
            .storage=${this.state.storage}
            .deviceMemoryGib=${this.deviceMemoryGib}
            .actions=${this.actions}
          ></linnet-consent>`
        : nothing;
    return html`<linnet-welcome .state=${this.state} .actions=${this.actions}></linnet-welcome>${question}`;
  }

  #renderChat(modelName: string, lost: Extract<Phase, { kind: 'workerLost' }> | undefined): TemplateResult {
    return html`<linnet-conversation
      exportparts="messages, composer, question, answer"
      .conversation=${this.state.conversation}
      .modelName=${modelName}
      .failure=${lost?.failure}
      ?builtIn=${builtInIsLoaded(this.state)}
      .offeredText=${this.state.offeredText}
      .attachments=${this.state.attachments}
      ?probabilities=${this.state.settings.probabilities}
      .device=${hardwareName(this.state.info)}
      .actions=${this.actions}
    ></linnet-conversation>`;
  }

  /** A guest leaves the focus to whoever has it by now. */
  get #mayTakeFocus(): boolean {
    const { activeElement } = document;
    return !this.embedded || activeElement === document.body || this.matches(':focus-within');
  }

  get #chat(): LinnetConversation | null {
    return this.renderRoot.querySelector('linnet-conversation');
  }

  readonly #skip = (event: Event): void => {
    event.preventDefault();
    this.focus();
  };

  readonly #onKeydown = (event: Event): void => {
    if (!(event instanceof KeyboardEvent)) return;
    const inDialog = event.composedPath().some((target) => target instanceof HTMLDialogElement);
    if (event.key !== 'Escape' || event.defaultPrevented || inDialog || !isAnswering(this.state.conversation)) return;
    event.preventDefault();
    this.actions.stop();
  };

  readonly #onDragOver = (event: Event): void => {
    if (!(event instanceof DragEvent)) return;
    if (event.dataTransfer?.types.includes('Files') !== true || !this.#acceptsFiles) return;
    event.preventDefault();
    this.dragging = true;
  };

  readonly #onDragLeave = (event: Event): void => {
    // Leaving the window has no related target, leaving a guest one outside of it.
    const to = event instanceof DragEvent && event.relatedTarget instanceof Node ? event.relatedTarget : null;
    if (to === null || (this.embedded && to !== this && !this.renderRoot.contains(to))) this.dragging = false;
  };

  readonly #onDrop = (event: Event): void => {
    if (!(event instanceof DragEvent)) return;
    this.dragging = false;
    const files = [...(event.dataTransfer?.files ?? [])];
    const [file] = files;
    if (file === undefined) return;
    event.preventDefault();
    if (!this.#acceptsFiles) return;
    // In a chat a file is something to talk about, unless it is a model by its name.
    const model = files.find(({ name }) => /\.gguf$/i.test(name));
    if (model !== undefined || this.state.phase.kind !== 'ready')
      this.actions.inspect({ kind: 'file', file: model ?? file });
    else this.actions.attach(files);
  };

  get #acceptsFiles(): boolean {
    const { phase, conversation } = this.state;
    const open = phase.kind === 'choosing' || phase.kind === 'failed' || phase.kind === 'ready';
    return open && !isAnswering(conversation);
  }
}

customElements.define('linnet-app', LinnetApp);

/** With the model in use, where it is kept. */
function benchUrlOf(url: string | undefined, phase: Phase): string | undefined {
  const id = loadedModel(phase)?.cacheId;
  return url === undefined || id === undefined ? url : `${url}?cached=${encodeURIComponent(id)}`;
}
