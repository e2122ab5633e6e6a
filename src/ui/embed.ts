/**
 * The script for somebody's site: `<script type="module" src="embed.js">` and `<linnet-embed>` where the chat should be. Until a
 * visitor asks for the chat it is a button: the app and the engine lie beside this script and are fetched then.
 */
const TEXT = {
  start: 'Chat with a language model in this page',
  hint: 'It runs on this device. What you type stays here.',
  failed: 'The chat could not be loaded. Check the connection, or ask the owner of this page.',
} as const;

const STYLE = `
  :host { display: block; font: 16px/1.5 system-ui, sans-serif; }
  div { display: grid; justify-items: center; gap: 0.5rem; padding: 1.5rem; text-align: center; }
  button { font: inherit; font-weight: 600; min-height: 44px; padding: 0.5rem 1.25rem; border-radius: 22px; border: 1px solid; cursor: pointer; color: inherit; background: transparent; }
  button:focus-visible { outline: 2px solid; outline-offset: 2px; }
  p { margin: 0; font-size: 0.875rem; opacity: 0.8; }
`;

class LinnetEmbed extends HTMLElement {
  connectedCallback(): void {
    if (this.shadowRoot !== null) return;
    const root = this.attachShadow({ mode: 'open' });
    const style = document.createElement('style');
    style.textContent = STYLE;
    const button = document.createElement('button');
    button.textContent = TEXT.start;
    button.dataset['testid'] = 'embed-start';
    const hint = document.createElement('p');
    hint.textContent = TEXT.hint;
    const offer = document.createElement('div');
    offer.append(button, hint);
    root.append(style, offer);
    button.addEventListener('click', () => {
      button.disabled = true;
      this.#start(offer).catch(() => {
        button.disabled = false;
        hint.textContent = TEXT.failed;
      });
    });
  }

  async #start(offer: HTMLElement): Promise<void> {
    const { startEmbeddedApp } = await import('./embed-app.ts');
    // The app stands in the element itself, where the slot shows it.
    offer.replaceWith(document.createElement('slot'));
    await startEmbeddedApp(this, import.meta.url);
  }
}

customElements.define('linnet-embed', LinnetEmbed);
