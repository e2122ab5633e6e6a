/**
 * <linnet-tokens>: an answer token by token, the unlikelier the more marked, and for the one that is pointed at or focused what else the
 * model considered, with probabilities. One stop for the Tab key; the arrow keys go from token to token.
 */
import { css, html, LitElement, type TemplateResult } from 'lit';
import type { TokenChoice } from '../state/turns.ts';
import { formatShare } from '../state/format.ts';
import { strings } from '../strings.ts';
import { base } from './styles.ts';

/** Upper bounds of probability of the three kinds of marks. */
const MARKS = [0.2, 0.5, 0.8] as const;
const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class LinnetTokens extends LitElement {
  static override properties = { tokens: { attribute: false }, text: { attribute: false }, active: { state: true } };
  static override styles = [
    base,
    css`
      .text {
        overflow-wrap: anywhere;
        line-height: 1.8;
      }
      /* Not of .text, which has white space of its own around them. */
      .text span {
        white-space: pre-wrap;
        border-radius: 3px;
        cursor: default;
        border-bottom: 2px solid transparent;
      }
      .mark0 {
        background: color-mix(in oklab, var(--accent) 22%, transparent);
      }
      .mark1 {
        background: color-mix(in oklab, var(--accent) 13%, transparent);
      }
      .mark2 {
        background: color-mix(in oklab, var(--accent) 6%, transparent);
      }
      .text span.active {
        border-color: var(--accent);
      }
      ul {
        display: flex;
        flex-wrap: wrap;
        align-items: flex-start;
        gap: 0.35rem;
        min-height: 2.2rem;
        margin-top: 0.5rem;
        font-size: 0.875rem;
      }
      li {
        display: flex;
        gap: 0.5rem;
        padding: 0.1rem 0.55rem;
        border: 1px solid var(--line);
        border-radius: var(--radius-small);
        font-variant-numeric: tabular-nums;
      }
      li.chosen {
        border-color: var(--accent);
      }
      code {
        font-family: var(--mono);
        white-space: pre;
      }
    `,
  ];

  declare tokens: readonly TokenChoice[];
  /** All of the answer. */
  declare text: string;
  declare active: number | undefined;

  constructor() {
    super();
    this.tokens = [];
    this.text = '';
    this.active = undefined;
  }

  override render(): TemplateResult {
    return html`<div
        class="text"
        role="group"
        aria-label=${strings.probabilities}
        data-testid="tokens"
        @keydown=${this.#onKeydown}
      >
        ${this.tokens.map((token, index) => this.#renderToken(token, index))}<span>${this.#tail}</span>
      </div>
      <div aria-live="polite">${this.#renderAlternatives()}</div>`;
  }

  /** What was said behind the tokens that are known. */
  get #tail(): string {
    const known = this.tokens.map(({ text }) => text).join('');
    return this.text.startsWith(known) ? this.text.slice(known.length) : '';
  }

  #renderToken({ text, logprob }: TokenChoice, index: number): TemplateResult {
    const mark = MARKS.findIndex((bound) => Math.exp(logprob) < bound);
    const show = (): void => {
      this.active = index;
    };
    return html`<span
      role="button"
      class="${mark < 0 ? '' : `mark${String(mark)}`} ${index === this.active ? 'active' : ''}"
      tabindex=${index === (this.active ?? 0) ? '0' : '-1'}
      @mouseenter=${show}
      @click=${show}
      @focus=${show}
      >${text}</span
    >`;
  }

  #renderAlternatives(): TemplateResult {
    const token = this.active === undefined ? undefined : this.tokens[this.active];
    if (token === undefined) return html`<ul></ul>`;
    // The one that was drawn may be none of the likeliest.
    const others = token.top.filter((other) => other.token !== token.token);
    const shown = [token, ...others].toSorted((a, b) => b.logprob - a.logprob);
    return html`<ul aria-label=${strings.alternatives} data-testid="alternatives">
      ${shown.map(
        (other) =>
          html`<li class=${other.token === token.token ? 'chosen' : ''}>
            <code>${visible(other.text)}</code>${formatShare(Math.exp(other.logprob))}
          </li>`,
      )}
    </ul>`;
  }

  readonly #onKeydown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const index = Math.min(this.tokens.length - 1, Math.max(0, (this.active ?? 0) + step));
    this.renderRoot.querySelectorAll<HTMLElement>('.text span')[index]?.focus();
  };
}

/** Line breaks and spaces as something that can be seen. */
function visible(text: string): string {
  return text.replaceAll('\n', '↵').replaceAll('\t', '⇥').replaceAll(' ', '·');
}

customElements.define('linnet-tokens', LinnetTokens);
