/**
 * <linnet-answer>: the text of an answer in its parts: what is said as markdown, thoughts folded, tool calls as they would be
 * made. It knows the parts' kinds and not the marks they are found by.
 */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { answerParts, type AnswerPart } from '../state/answer-parts.ts';
import { strings } from '../strings.ts';
import './markdown-text.ts';
import { base } from './styles.ts';

export class LinnetAnswer extends LitElement {
  static override properties = { text: { attribute: false }, streaming: { type: Boolean } };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 0.75rem;
      }
      details,
      section {
        border-left: 3px solid var(--line-strong);
        padding-left: 0.75rem;
        color: var(--muted);
        font-size: 0.9375rem;
        min-width: 0;
      }
      summary {
        cursor: pointer;
        min-height: 32px;
        line-height: 32px;
      }
      h4 {
        margin: 0;
        font-weight: 550;
      }
      pre {
        margin: 0.3rem 0 0;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        font-family: var(--mono);
        font-size: 0.8125rem;
      }
    `,
  ];

  declare text: string;
  /** The answer is being written: an open thought may go on. */
  declare streaming: boolean;

  constructor() {
    super();
    this.text = '';
    this.streaming = false;
  }

  override render(): TemplateResult {
    return html`${answerParts(this.text).map((part) => this.#renderPart(part))}`;
  }

  #renderPart(part: AnswerPart): TemplateResult {
    switch (part.kind) {
      case 'said':
        return html`<linnet-markdown .text=${part.text}></linnet-markdown>`;
      case 'thought':
        return html`<details data-testid="thought">
          <summary>${part.isOpen && this.streaming ? strings.thinking : strings.thought}</summary>
          <linnet-markdown .text=${part.text} .testId=${'thought-text'}></linnet-markdown>
        </details>`;
      case 'toolCall':
        return html`<section data-testid="tool-call">
          <h4>${strings.toolCall(part.name)}</h4>
          <pre tabindex="0">${part.input}</pre>
        </section>`;
    }
  }
}

customElements.define('linnet-answer', LinnetAnswer);
