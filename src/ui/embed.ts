/**
 * The script for somebody's site: `<script type="module" src="embed.js">` and `<linnet-embed>` where the chat should be.
 * One file, its worker inside. It is the app's own parts in an element; it has no page of its own.
 */
import { EngineClient } from './client.ts';
import { startApp } from './start.ts';
import { openInlineEngineWorker } from './start-worker-inline.ts';

class LinnetEmbed extends HTMLElement {
  #started = false;

  connectedCallback(): void {
    if (this.#started) return;
    this.#started = true;
    void startApp(new EngineClient({ open: openInlineEngineWorker }), this);
  }
}

customElements.define('linnet-embed', LinnetEmbed);
