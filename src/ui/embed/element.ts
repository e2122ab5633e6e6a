/**
 * <linnet-chat>: the chat in somebody's page. It offers the chat, fetches the app when the visitor agrees, opens and closes, and
 * tells the page what happens. docs/embed.md describes attributes, methods, events, parts and custom properties. The app and the
 * engine come from beside the script by a dynamic import, so nothing of them may be imported here but types.
 */
import type { EmbeddedChat } from '../embed-app.ts';
import type { Failure } from '../errors.ts';
import type { Theme } from '../state/app-state.ts';
import { buildFrame, type Frame } from './frame.ts';
import { BlockedByPolicy, checkWorkers, whenForbidden, underPolicy } from './policy.ts';
import { embedStrings, type EmbedStrings } from './strings.ts';

type Progress =
  | { readonly kind: 'offered' }
  | { readonly kind: 'starting'; readonly task: object }
  | { readonly kind: 'running'; readonly chat: EmbeddedChat };

/** The script's own address: what it needs lies beside it. */
const BASE = import.meta.url;

export class LinnetChatElement extends HTMLElement {
  static readonly observedAttributes = ['open', 'theme'];

  /** What the model should know of the page, as text or as a way to it; before the attribute of that name. */
  #context: string | (() => string) | undefined;
  #frame: Frame | undefined;
  #progress: Progress = { kind: 'offered' };
  /** Words for the composer, until the app is there. */
  #question = '';
  /** What had the focus when the panel opened. */
  #opener: Element | null = null;

  get context(): string | (() => string) {
    return this.#context ?? this.getAttribute('context') ?? '';
  }

  set context(context: string | (() => string) | undefined) {
    this.#context = context;
  }

  get open(): boolean {
    return this.hasAttribute('open');
  }

  set open(open: boolean) {
    this.toggleAttribute('open', open);
  }

  /** Begins as the visitor's click does; for a button of the page's own. */
  async start(): Promise<void> {
    this.open = true;
    await this.#start();
  }

  /** Opens the chat with words in its composer, which the visitor may change and send. */
  async ask(question: string): Promise<void> {
    this.#question = question;
    if (this.#progress.kind === 'running') this.#progress.chat.offer(question);
    await this.start();
  }

  connectedCallback(): void {
    if (this.#frame !== undefined) return;
    const isFloating = this.getAttribute('mode') === 'floating';
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    const frame = buildFrame(root, this.#strings, isFloating);
    this.#frame = frame;
    this.#showOffer();
    frame.start.addEventListener('click', () => {
      // The offer shows what went wrong.
      this.start().catch(() => undefined);
    });
    frame.floating?.launcher.addEventListener('click', () => {
      this.open = true;
    });
    frame.floating?.close.addEventListener('click', () => {
      this.open = false;
    });
    frame.floating?.panel.addEventListener('keydown', (event) => {
      const inDialog = event.composedPath().some((target) => target instanceof HTMLDialogElement);
      if (event.key === 'Escape' && !event.defaultPrevented && !inDialog) this.open = false;
    });
    if (this.open) this.#showPanel();
  }

  /** The engine ends with the element; one that is only moved goes on. */
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.#end();
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (this.#frame === undefined || before === after) return;
    if (name === 'theme' && this.#progress.kind === 'running') this.#progress.chat.setTheme(this.#theme);
    if (name !== 'open' || (before === null) === (after === null)) return;
    if (after === null) this.#hidePanel();
    else this.#showPanel();
  }

  get #strings(): EmbedStrings {
    return embedStrings(this.#language);
  }

  get #language(): string {
    const inherited = this.closest('[lang]')?.getAttribute('lang') ?? '';
    return inherited === '' ? navigator.language : inherited;
  }

  get #theme(): Theme {
    const theme = this.getAttribute('theme');
    return theme === 'light' || theme === 'dark' ? theme : 'system';
  }

  async #start(): Promise<void> {
    if (this.#progress.kind !== 'offered' || this.#frame === undefined) return;
    const task = {};
    this.#progress = { kind: 'starting', task };
    this.#frame.start.disabled = true;
    this.#frame.hint.textContent = this.#strings.starting;
    try {
      const chat = await this.#startChat(this.#frame.app);
      // The element may be gone by now, or gone and come back.
      if (!this.#isStarting(task)) {
        chat.close();
        return;
      }
      this.#progress = { kind: 'running', chat };
      chat.setTheme(this.#theme);
      this.#frame.offer.hidden = true;
      this.#frame.app.hidden = false;
      chat.begin(this.#question);
    } catch (thrown) {
      if (!this.#isStarting(task)) return;
      this.#progress = { kind: 'offered' };
      this.#fail(thrown);
      throw thrown;
    }
  }

  #isStarting(task: object): boolean {
    return this.#progress.kind === 'starting' && this.#progress.task === task;
  }

  /** Fetches what is needed, naming what the page's policy refuses, and puts the app in its place. */
  async #startChat(parent: HTMLElement): Promise<EmbeddedChat> {
    const { origin } = new URL(BASE);
    await checkWorkers();
    const { startEmbeddedChat } = await underPolicy(`script-src ${origin}`, () => import('../embed-app.ts'));
    const models = await underPolicy(`connect-src ${origin}`, async (): Promise<unknown> => {
      const response = await fetch(new URL('models.json', BASE));
      return response.ok ? response.json() : {};
    });
    return startEmbeddedChat({
      parent,
      base: BASE,
      models,
      model: this.getAttribute('model') ?? '',
      theme: this.#theme,
      language: this.#language,
      readContext: () => (typeof this.context === 'string' ? this.context : this.context()),
      whenForbidden,
      tell: (type, detail) => {
        this.#tell(type, detail);
      },
    });
  }

  #fail(thrown: unknown): void {
    if (this.#frame === undefined) return;
    this.#showOffer();
    this.#frame.hint.textContent = this.#explain(thrown);
    this.#tell('linnet-error', failureOf(thrown));
  }

  #explain(thrown: unknown): string {
    if (thrown instanceof BlockedByPolicy) return this.#strings.blocked(thrown.directive);
    const isInvalid = thrown instanceof Error && thrown.name === 'InvalidRequest';
    return isInvalid ? this.#strings.invalidModel(this.getAttribute('model') ?? '') : this.#strings.failed;
  }

  #showOffer(): void {
    if (this.#frame === undefined) return;
    const { start, hint, offer, app } = this.#frame;
    start.disabled = false;
    hint.textContent = this.getAttribute('model') === 'built-in' ? this.#strings.builtInHint : this.#strings.hint;
    offer.hidden = false;
    app.hidden = true;
  }

  #showPanel(): void {
    const floating = this.#frame?.floating;
    if (floating === undefined) return;
    this.#opener = document.activeElement;
    floating.launcher.setAttribute('aria-expanded', 'true');
    floating.launcher.hidden = true;
    floating.panel.showPopover();
    if (this.#progress.kind === 'running') this.#progress.chat.focus();
    else this.#frame?.start.focus();
    this.#tell('linnet-open', undefined);
  }

  #hidePanel(): void {
    const floating = this.#frame?.floating;
    if (floating === undefined) return;
    const hadFocus = floating.panel.matches(':focus-within');
    floating.panel.hidePopover();
    floating.launcher.setAttribute('aria-expanded', 'false');
    floating.launcher.hidden = false;
    if (hadFocus && (this.#opener === this || !(this.#opener instanceof HTMLElement))) floating.launcher.focus();
    else if (hadFocus && this.#opener instanceof HTMLElement) this.#opener.focus();
    this.#tell('linnet-close', undefined);
  }

  #end(): void {
    if (this.#progress.kind === 'running') this.#progress.chat.close();
    this.#progress = { kind: 'offered' };
    this.#frame = undefined;
    this.shadowRoot?.replaceChildren();
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

/** Before the app is there, three things can be wrong. */
function failureOf(thrown: unknown): Failure {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { name: name === 'BlockedByPolicy' || name === 'InvalidRequest' ? name : 'NetworkFailed', message };
}
