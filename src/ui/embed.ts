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
    // Models lie beside the script, and nothing of them is fetched before a visitor asks.
    const options = { base: import.meta.url, loadUnasked: false };
    void startApp(new EngineClient({ open: openInlineEngineWorker }), this, options);
  }
}

customElements.define('linnet-embed', LinnetEmbed);
