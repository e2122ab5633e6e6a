/** <linnet-attachments>: files beside a question as chips. Each opens to its text, or can be taken away while it is not sent. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Attachment } from '../state/attachments.ts';
import { formatCount } from '../state/format.ts';
import { strings } from '../strings.ts';
import { icon } from './icons.ts';
import { base, buttons } from './styles.ts';

export class LinnetAttachments extends LitElement {
  static override properties = { attachments: { attribute: false }, removable: { type: Boolean } };
  static override styles = [
    base,
    buttons,
    css`
      ul {
        display: flex;
        flex-wrap: wrap;
        gap: 0.4rem;
      }
      li {
        display: flex;
        align-items: flex-start;
        max-width: 100%;
        background: var(--surface);
        border: 1px solid var(--line);
        border-radius: var(--radius-small);
        font-size: 0.875rem;
      }
      details {
        min-width: 0;
      }
      summary {
        padding: 0.3rem 0.7rem;
        min-height: 34px;
        cursor: pointer;
        overflow-wrap: anywhere;
      }
      pre {
        margin: 0;
        padding: 0.5rem 0.7rem;
        max-height: 14rem;
        overflow: auto;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        font-family: var(--mono);
        font-size: 0.8125rem;
        border-top: 1px solid var(--line);
      }
      button.icon {
        width: 34px;
        min-height: 34px;
      }
    `,
  ];

  declare attachments: readonly Attachment[];
  declare removable: boolean;

  constructor() {
    super();
    this.attachments = [];
    this.removable = false;
  }

  override render(): TemplateResult | typeof nothing {
    if (this.attachments.length === 0) return nothing;
    return html`<ul aria-label=${strings.attached}>
      ${this.attachments.map((attachment, index) => this.#renderChip(attachment, index))}
    </ul>`;
  }

  #renderChip({ name, text, numTokens }: Attachment, index: number): TemplateResult {
    const remove = (): void => {
      this.dispatchEvent(new CustomEvent<number>('detach', { detail: index }));
    };
    return html`<li data-testid="attachment">
      <details>
        <summary>${strings.attachment(name, formatCount(numTokens))}</summary>
        <pre tabindex="0">${text}</pre>
      </details>
      ${
        this.removable
          ? html`<button
              class="icon"
              type="button"
              data-testid="detach"
              aria-label=${strings.detach(name)}
              @click=${remove}
            >
              ${icon('close', 16)}
            </button>`
          : nothing
      }
    </li>`;
  }
}

customElements.define('linnet-attachments', LinnetAttachments);
