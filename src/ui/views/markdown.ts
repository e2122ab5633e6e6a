/**
 * Model output to HTML that is safe to show. Two lines of defence: raw HTML in the text is shown as text and images become
 * links before anything is parsed as HTML, and DOMPurify then keeps a short list of elements. Nothing it makes can fetch.
 * It knows nothing of Lit; it works block by block, so that a growing text only changes its last block.
 */
import createDOMPurify, { type Config, type DOMPurify, type WindowLike } from 'dompurify';
import { Marked, type Token, type Tokens } from 'marked';
import { strings } from '../strings.ts';

const CONFIG: Config = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'hr', 'em', 'strong', 'del', 'code', 'pre', 'blockquote', 'a', 'ul', 'ol', 'li', 'sub', 'sup'],
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'div', 'span', 'button'],
  ],
  ALLOWED_ATTR: ['href', 'title', 'class', 'start', 'align', 'type', 'data-copy', 'tabindex', 'role'],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  ALLOW_DATA_ATTR: false,
};

export class MarkdownRenderer {
  readonly #marked = createMarked();
  readonly #purify: DOMPurify;
  /** Sanitised HTML by the source of its block; only the blocks of the last text are kept. */
  #blocks: ReadonlyMap<string, string> = new Map();

  constructor(window: WindowLike) {
    this.#purify = createDOMPurify(window);
    this.#purify.addHook('afterSanitizeAttributes', (element) => {
      if (element.tagName !== 'A') return;
      element.setAttribute('target', '_blank');
      element.setAttribute('rel', 'noopener noreferrer nofollow');
    });
  }

  /** One piece of sanitised HTML for each top-level block. */
  render(text: string): readonly string[] {
    const tokens = this.#marked.lexer(text).filter((token) => token.type !== 'space');
    const blocks = new Map<string, string>();
    const rendered = tokens.map((token) => {
      const block = this.#blocks.get(token.raw) ?? blocks.get(token.raw) ?? this.#renderBlock(token);
      blocks.set(token.raw, block);
      return block;
    });
    this.#blocks = blocks;
    return rendered;
  }

  #renderBlock(token: Token): string {
    return this.sanitize(this.#marked.parser([token]));
  }

  /** The second line of defence by itself. */
  sanitize(html: string): string {
    return this.#purify.sanitize(html, CONFIG);
  }
}

function createMarked(): Marked {
  return new Marked({
    gfm: true,
    breaks: true,
    renderer: {
      html: ({ text }) => (/^<br\s*\/?>$/i.test(text.trim()) ? '<br>' : escapeHtml(text)),
      image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text === '' ? href : text)}</a>`,
      code: renderCode,
      checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    },
  });
}

function renderCode({ text, lang }: Tokens.Code): string {
  const language = /^[\w+#.-]+/.exec(lang ?? '')?.[0] ?? '';
  return `<div class="code"><div class="code-bar"><span>${escapeHtml(language)}</span><button type="button" data-copy="">${
    strings.copyCode
  }</button></div><pre tabindex="0"><code>${escapeHtml(text)}</code></pre></div>\n`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
