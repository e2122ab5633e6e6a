/**
 * <linnet-markdown>: a text of the model, shown as sanitised markdown with a copy button on every code block. Earlier
 * blocks keep their DOM while the last one grows, so a selection survives streaming.
 */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import { strings } from '../strings.ts';
import { MarkdownRenderer } from './markdown.ts';
import { base } from './styles.ts';

const COPIED_MS = 1500;

export class LinnetMarkdown extends LitElement {
  static override properties = { text: { attribute: false }, testId: { attribute: false } };
  static override styles = [
    base,
    css`
      :host {
        display: block;
        overflow-wrap: anywhere;
        line-height: 1.65;
      }
      .block + .block {
        margin-top: 0.9em;
      }
      p + p,
      li > p + p {
        margin-top: 0.7em;
      }
      h1,
      h2,
      h3,
      h4,
      h5,
      h6 {
        font-size: 1.1rem;
        margin: 0.5em 0 0;
        font-weight: 650;
      }
      h1 {
        font-size: 1.35rem;
      }
      h2 {
        font-size: 1.2rem;
      }
      ul,
      ol {
        padding-left: 1.4em;
        list-style: disc;
      }
      ol {
        list-style: decimal;
      }
      li {
        margin: 0.25em 0;
      }
      li::marker {
        color: var(--muted);
      }
      blockquote {
        margin: 0;
        padding-left: 1em;
        border-left: 3px solid var(--line);
        color: var(--muted);
      }
      hr {
        border: 0;
        border-top: 1px solid var(--line);
      }
      code {
        font-family: var(--mono);
        font-size: 0.875em;
        background: var(--sunken);
        border-radius: 5px;
        padding: 0.12em 0.35em;
      }
      .code {
        border: 1px solid var(--line);
        border-radius: var(--radius-small);
        overflow: hidden;
        margin: 0.6em 0;
        background: var(--sunken);
      }
      .block > .code {
        margin: 0;
      }
      .code-bar {
        display: flex;
        justify-content: space-between;
        align-items: center;
        padding: 0.1rem 0.3rem 0.1rem 0.9rem;
        font-size: 0.8125rem;
        color: var(--muted);
        border-bottom: 1px solid var(--line);
      }
      .code-bar button {
        font: inherit;
        color: inherit;
        background: none;
        border: 0;
        border-radius: 6px;
        min-height: 34px;
        padding: 0 0.6rem;
        cursor: pointer;
      }
      .code-bar button:hover {
        color: var(--text);
        background: var(--line);
      }
      pre {
        margin: 0;
        padding: 0.8rem 0.9rem;
        overflow-x: auto;
        line-height: 1.5;
      }
      pre:focus-visible {
        outline-offset: -3px;
      }
      pre code {
        background: none;
        padding: 0;
        white-space: pre;
        overflow-wrap: normal;
      }
      table {
        display: block;
        overflow-x: auto;
        border-collapse: collapse;
        font-size: 0.9375rem;
      }
      th,
      td {
        border: 1px solid var(--line);
        padding: 0.4rem 0.7rem;
        text-align: start;
      }
      th {
        background: var(--sunken);
        font-weight: 600;
      }
    `,
  ];

  declare text: string;
  declare testId: string;
  readonly #renderer = new MarkdownRenderer(window);

  constructor() {
    super();
    this.text = '';
    this.testId = 'answer-text';
  }

  override render(): TemplateResult {
    const blocks = this.#renderer.render(this.text);
    return html`<div data-testid=${this.testId} @click=${this.#onClick}>
      ${blocks.map((block) => html`<div class="block">${unsafeHTML(block)}</div>`)}
    </div>`;
  }

  readonly #onClick = (event: Event): void => {
    const button = event.target instanceof Element ? event.target.closest('button[data-copy]') : null;
    const code = button?.closest('.code')?.querySelector('code')?.textContent;
    if (button === null || code === undefined) return;
    void copyText(code).then((copied) => {
      if (!copied) return;
      button.textContent = strings.copied;
      setTimeout(() => (button.textContent = strings.copyCode), COPIED_MS);
    });
  };
}

/** False where the browser does not let the page write to the clipboard. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

customElements.define('linnet-markdown', LinnetMarkdown);
