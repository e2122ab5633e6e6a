/**
 * <linnet-assistant-turn>: one answer, while it is written and afterwards, with its numbers and notices. It is not a live
 * region: the app announces an answer once, when it is finished.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Actions } from '../state/actions.ts';
import { saidText } from '../state/answer-parts.ts';
import type { Answer, AnswerStats, AssistantTurn, Stage } from '../state/conversation.ts';
import { formatCount, formatDuration, formatTokensPerSecond } from '../state/format.ts';
import { strings } from '../strings.ts';
import { icon } from './icons.ts';
import './answer.ts';
import { copyText } from './markdown-text.ts';
import './problem.ts';
import { base, buttons } from './styles.ts';
import './token-view.ts';
import { turnStyles } from './turn-styles.ts';

const COPIED_MS = 1500;

export class LinnetAssistantTurn extends LitElement {
  static override properties = {
    turn: { attribute: false },
    last: { type: Boolean },
    frozen: { type: Boolean },
    probabilities: { type: Boolean },
    actions: { attribute: false },
    copied: { state: true },
  };
  static override styles = [
    base,
    buttons,
    turnStyles,
    css`
      .notice {
        font-size: 0.875rem;
        color: var(--muted);
        border-left: 3px solid var(--line-strong);
        padding-left: 0.75rem;
        margin-bottom: 0.75rem;
      }
      .waiting {
        color: var(--muted);
        display: flex;
        align-items: center;
        gap: 0.6rem;
      }
      .dot {
        width: 9px;
        height: 9px;
        border-radius: 50%;
        background: var(--accent);
        animation: breathe 1.4s ease-in-out infinite;
      }
      @keyframes breathe {
        50% {
          opacity: 0.25;
          transform: scale(0.8);
        }
      }
      .stats {
        padding: 0 0.4rem;
        font-variant-numeric: tabular-nums;
      }
      linnet-problem {
        margin-top: 0.75rem;
      }
      .full {
        margin-top: 0.5rem;
        color: var(--warn-text);
        font-size: 0.875rem;
      }
    `,
  ];

  declare turn: AssistantTurn;
  declare last: boolean;
  /** There is no engine to ask again. */
  declare frozen: boolean;
  /** Show the probabilities of tokens, where they are known. */
  declare probabilities: boolean;
  declare actions: Actions;
  declare copied: boolean;

  constructor() {
    super();
    this.last = false;
    this.frozen = false;
    this.probabilities = false;
    this.copied = false;
  }

  override render(): TemplateResult {
    const { text, answer, notes, numDropped } = this.turn;
    const streaming = answer.status === 'streaming';
    return html`<article
      part="answer"
      aria-label=${strings.assistant}
      aria-busy=${streaming ? 'true' : 'false'}
      data-testid="message-assistant"
      data-status=${answer.status}
    >
      ${numDropped > 0 ? html`<p class="notice" data-testid="turns-dropped">${strings.turnsDropped(numDropped)}</p>` : nothing}
      ${notes.map((note) => html`<p class="notice" data-testid="answer-note">${note}</p>`)}
      ${text === '' ? this.#renderNoText(answer) : this.#renderText()}
      ${
        answer.status === 'failed' && !this.frozen
          ? html`<linnet-problem
              .failure=${answer.failure}
              ?engineIsBack=${answer.engineIsBack}
              .actions=${this.actions}
              @retry=${this.actions.regenerate}
            ></linnet-problem>`
          : nothing
      }
      ${streaming ? nothing : this.#renderTools(answer)}
    </article>`;
  }

  #renderText(): TemplateResult {
    const { text, tokens, answer } = this.turn;
    if (this.probabilities && tokens !== undefined)
      return html`<linnet-tokens .tokens=${tokens} .text=${text}></linnet-tokens>`;
    return html`<linnet-answer .text=${text} ?streaming=${answer.status === 'streaming'}></linnet-answer>`;
  }

  #renderNoText(answer: Answer): TemplateResult | typeof nothing {
    switch (answer.status) {
      case 'streaming':
        return html`<p class="waiting">
          <span class="dot"></span>${answer.stopping ? strings.stopping : describeStage(answer.stage)}
        </p>`;
      case 'done':
        return html`<p class="muted">${strings.emptyAnswer}</p>`;
      case 'failed':
        return nothing;
    }
  }

  #renderTools(answer: Answer): TemplateResult {
    const full = answer.status === 'done' && answer.finishReason === 'length' && isFull(answer.stats);
    return html`${full ? html`<p class="full" data-testid="context-full">${strings.contextIsFull}</p>` : nothing}
      <div class="tools">
        <slot></slot>
        ${
          this.turn.text === ''
            ? nothing
            : html`<button class="quiet" data-testid="copy-button" @click=${this.#copy}>
                ${icon(this.copied ? 'check' : 'copy', 17)}${this.copied ? strings.copied : strings.copy}
              </button>`
        }
        ${
          this.last && !this.frozen
            ? html`<button class="quiet" data-testid="regenerate-button" @click=${this.actions.regenerate}>
                ${icon('refresh', 17)}${strings.regenerate}
              </button>`
            : nothing
        }
        ${answer.status === 'done' ? this.#renderStats(answer, full) : nothing}
      </div>`;
  }

  #renderStats(answer: Extract<Answer, { status: 'done' }>, full: boolean): TemplateResult {
    const { stats, finishReason } = answer;
    const parts = [
      full ? '' : strings.finish[finishReason],
      strings.tokensPerSecond(formatTokensPerSecond(stats.tokensPerSecond)),
      strings.firstToken(formatDuration(stats.timeToFirstTokenMs)),
      strings.tokens(formatCount(stats.numGeneratedTokens)),
    ];
    return html`<span
      class="stats"
      data-testid=${this.last ? 'stats' : nothing}
      title=${this.turn.seed === undefined ? '' : `${strings.number.seed.label} ${String(this.turn.seed)}`}
      >${parts.filter((part) => part !== '').join(' · ')}</span
    >`;
  }

  readonly #copy = (): void => {
    void copyText(saidText(this.turn.text)).then((copied) => {
      this.copied = copied;
      if (copied) setTimeout(() => (this.copied = false), COPIED_MS);
    });
  };
}

function describeStage(stage: Stage): string {
  if (stage.kind !== 'prefill') return strings.waiting;
  return strings.reading(formatCount(stage.numDone), formatCount(stage.numTotal));
}

/** An answer that ended for its length did so for want of context when hardly a token of it is left. */
function isFull(stats: AnswerStats): boolean {
  return stats.contextUsed >= stats.contextLength - 1;
}

customElements.define('linnet-assistant-turn', LinnetAssistantTurn);
