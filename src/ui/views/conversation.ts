/**
 * <linnet-conversation>: the conversation and the composer below it. It follows a growing answer only while the reader is at the
 * end; once they scroll up it stays put and offers the way back.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { versionsAt, type Versions } from '../state/branches.ts';
import type { Failure } from '../errors.ts';
import type { Actions } from '../state/actions.ts';
import type { Attachment } from '../state/attachments.ts';
import { isAnswering, latestStats, type AnswerStats, type Conversation, type Turn } from '../state/conversation.ts';
import { formatCount } from '../state/format.ts';
import { strings } from '../strings.ts';
import './assistant-turn.ts';
import './composer.ts';
import type { LinnetComposer } from './composer.ts';
import { bird, icon } from './icons.ts';
import './problem.ts';
import { conversationStyles } from './conversation-styles.ts';
import { base, buttons } from './styles.ts';
import './user-turn.ts';

/** This close to the end counts as being there. */
const END_SLACK_PX = 60;

export class LinnetConversation extends LitElement {
  static override properties = {
    conversation: { attribute: false },
    modelName: { attribute: false },
    builtIn: { type: Boolean },
    offeredText: { type: String },
    attachments: { attribute: false },
    probabilities: { type: Boolean },
    failure: { attribute: false },
    device: { attribute: false },
    actions: { attribute: false },
    following: { state: true },
  };
  static override styles = [base, buttons, conversationStyles];

  declare conversation: Conversation;
  declare modelName: string;
  /** The model that comes with the page answers: what it is, and the way to a larger one, stay in sight. */
  declare builtIn: boolean;
  /** Words to begin the first message with. */
  declare offeredText: string;
  /** Files for the next question. */
  declare attachments: readonly Attachment[];
  /** Answers that know them show the probabilities of their tokens. */
  declare probabilities: boolean;
  /** The worker is lost: what was said stays readable, and this stands in the composer's place. */
  declare failure: Failure | undefined;
  /** What it runs on, when that is a graphics card. */
  declare device: string | undefined;
  declare actions: Actions;
  declare following: boolean;
  #lastScrollTop = 0;
  readonly #resize = new ResizeObserver(() => {
    if (this.following) this.#scrollToEnd();
  });

  constructor() {
    super();
    this.builtIn = false;
    this.offeredText = '';
    this.attachments = [];
    this.probabilities = false;
    this.following = true;
  }

  override render(): TemplateResult {
    const { turns } = this.conversation;
    return html`<div
        class="scroller"
        part="messages"
        data-testid="scroller"
        role="region"
        aria-label=${strings.conversation}
        tabindex="0"
        @scroll=${this.#onScroll}
      >
        ${turns.length === 0 ? this.#renderEmpty() : nothing}
        <div class="column turns">
          ${repeat(
            turns,
            (turn) => turn.id,
            (turn, index) => this.#renderTurn(turn, versionsAt(this.conversation, index)),
          )}
        </div>
      </div>
      ${
        this.following || turns.length === 0
          ? nothing
          : html`<button class="secondary jump" data-testid="jump" @click=${this.#follow}>
              ${icon('end', 17)}${strings.jumpToEnd}
            </button>`
      }
      <div class="foot"><div class="column">${this.#renderFoot()}</div></div>`;
  }

  override firstUpdated(): void {
    const column = this.renderRoot.querySelector('.turns');
    const scroller = this.#scroller;
    if (column !== null) this.#resize.observe(column);
    if (scroller !== null) this.#resize.observe(scroller);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    // A question that was just asked is always worth seeing.
    const before = changed.get('conversation');
    if (before !== undefined && isAnswering(this.conversation) && !isAnswering(before)) this.following = true;
  }

  focusComposer(): void {
    this.renderRoot.querySelector<LinnetComposer>('linnet-composer')?.focus();
  }

  #renderEmpty(): TemplateResult {
    if (this.failure !== undefined) return html``;
    return html`<div class="column empty">
      ${bird(64)}
      <h2>${this.builtIn ? strings.builtInTitle : strings.emptyTitle}</h2>
      <p class="muted" data-testid="model-hint">
        ${this.builtIn ? strings.builtInHint(this.modelName) : strings.emptyHint(this.modelName)}
      </p>
      <div class="suggestions">
        ${(this.builtIn ? strings.builtInSuggestions : strings.suggestions).map(
          (text) =>
            html`<button
              class="secondary"
              @click=${() => {
                this.#send(text);
              }}
            >
              ${text}
            </button>`,
        )}
      </div>
    </div>`;
  }

  #renderLargerModel(): TemplateResult {
    return html`<p class="larger">
      ${strings.builtInShort(this.modelName)}
      <button class="quiet" data-testid="larger-model" @click=${this.actions.chooseModel}>
        ${strings.largerModel}
      </button>
    </p>`;
  }

  #renderTurn(turn: Turn, versions: Versions): TemplateResult {
    const answering = isAnswering(this.conversation);
    if (turn.kind === 'user') {
      const edit = (event: CustomEvent<string>): void => {
        this.actions.edit(turn.id, event.detail);
        this.focusComposer();
      };
      const editable = !answering && this.failure === undefined;
      return html`<linnet-user-turn exportparts="question" .turn=${turn} ?editable=${editable} @edit=${edit}
        >${this.#renderVersions(versions)}</linnet-user-turn
      >`;
    }
    return html`<linnet-assistant-turn
      exportparts="answer"
      .turn=${turn}
      .actions=${this.actions}
      ?last=${turn === this.conversation.turns.at(-1)}
      ?frozen=${this.failure !== undefined}
      ?probabilities=${this.probabilities}
      >${this.#renderVersions(versions)}</linnet-assistant-turn
    >`;
  }

  /** The way to the other versions of a question or an answer; it stands among the turn's tools. */
  #renderVersions({ ids, shown }: Versions): TemplateResult | typeof nothing {
    if (ids.length < 2) return nothing;
    const step = (by: -1 | 1, label: string, testId: string): TemplateResult => {
      const id = ids[shown + by];
      return html`<button
        class="quiet"
        data-testid=${testId}
        aria-label=${label}
        title=${label}
        ?disabled=${id === undefined || isAnswering(this.conversation)}
        @click=${() => {
          if (id !== undefined) this.actions.showVersion(id);
        }}
      >
        ${icon(by < 0 ? 'left' : 'right', 17)}
      </button>`;
    };
    return html`<span class="versions" data-testid="versions">
      ${step(-1, strings.olderVersion, 'version-before')}
      <span aria-label=${strings.versionOf(shown + 1, ids.length)}>${shown + 1}/${ids.length}</span>
      ${step(1, strings.newerVersion, 'version-after')}
    </span>`;
  }

  #renderFoot(): TemplateResult {
    if (this.failure !== undefined) {
      return html`<linnet-problem
        .failure=${this.failure}
        .place=${'engine'}
        .actions=${this.actions}
        @retry=${this.actions.restart}
      ></linnet-problem>`;
    }
    const last = this.conversation.turns.at(-1);
    const stopping = last?.kind === 'assistant' && last.answer.status === 'streaming' && last.answer.stopping;
    return html`${this.builtIn ? this.#renderLargerModel() : nothing}<linnet-composer
        exportparts="composer"
        ?answering=${isAnswering(this.conversation)}
        ?stopping=${stopping}
        .offered=${this.offeredText}
        .attachments=${this.attachments}
        .actions=${this.actions}
        @send=${(event: CustomEvent<string>) => {
          this.#send(event.detail);
        }}
        @stop=${this.actions.stop}
      ></linnet-composer>
      ${this.#renderMeter(latestStats(this.conversation))}`;
  }

  #renderMeter(stats: AnswerStats | undefined): TemplateResult {
    const device =
      this.device === undefined ? nothing : html`<span class="device" data-testid="device-info">${this.device}</span>`;
    if (stats === undefined)
      return html`<p class="meter"><span class="keys">${strings.composerHint}</span>${device}</p>`;
    // A property and not an attribute, which would need a `style-src` of the page's policy.
    const share = Math.min(1, stats.contextUsed / stats.contextLength);
    const [used, total] = [formatCount(stats.contextUsed), formatCount(stats.contextLength)];
    return html`<div class="meter" data-testid="context-meter">
      <div
        class="bar ${share > 0.85 ? 'high' : ''}"
        role="meter"
        aria-label=${strings.contextUsed(used, total)}
        aria-valuemin="0"
        aria-valuemax=${stats.contextLength}
        aria-valuenow=${Math.min(stats.contextUsed, stats.contextLength)}
      >
        <i .style=${`width:${(share * 100).toFixed(1)}%`}></i>
      </div>
      <span class="used" aria-hidden="true">${strings.contextUsedShort(used, total)}</span>${device}
    </div>`;
  }

  #send(text: string): void {
    this.following = true;
    this.actions.send(text);
    this.focusComposer();
  }

  get #scroller(): Element | null {
    return this.renderRoot.querySelector('.scroller');
  }

  readonly #onScroll = (): void => {
    const scroller = this.#scroller;
    if (scroller === null) return;
    const { scrollTop } = scroller;
    // Only a reader scrolls upwards: a text that grew since we last went to its end leaves us above it, too.
    if (scroller.scrollHeight - scrollTop - scroller.clientHeight < END_SLACK_PX) this.following = true;
    else if (scrollTop < this.#lastScrollTop - 1) this.following = false;
    this.#lastScrollTop = scrollTop;
  };

  readonly #follow = (): void => {
    this.following = true;
    this.#scrollToEnd();
  };

  #scrollToEnd(): void {
    const scroller = this.#scroller;
    if (scroller !== null) scroller.scrollTop = scroller.scrollHeight;
  }
}

customElements.define('linnet-conversation', LinnetConversation);
