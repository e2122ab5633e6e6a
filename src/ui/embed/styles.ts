/** The looks of <linnet-chat> around the app. The host's own rules for the element come before those of `:host`. */
export const EMBED_STYLE = `
  :host { display: block; font: 16px/1.5 var(--linnet-font, system-ui, sans-serif); }
  :host([hidden]) { display: none; }
  :host([mode='floating']) { display: contents; }
  :host([open]:not([mode='floating'])) { height: 36rem; }
  [hidden] { display: none !important; }
  button { font: inherit; font-weight: 600; min-height: 44px; padding: 0.5rem 1.25rem; border: 1px solid; cursor: pointer; color: inherit; background: none; border-radius: 22px; }
  button:focus-visible { outline: 2px solid; outline-offset: 2px; }
  button:disabled { cursor: default; opacity: 0.6; }
  p { margin: 0; font-size: 0.875rem; overflow-wrap: anywhere; }
  .content { height: 100%; min-height: 0; }
  .offer { display: grid; align-content: center; justify-items: center; gap: 0.5rem; min-height: 100%; box-sizing: border-box; padding: 1.5rem; text-align: center; }
  .app { height: 100%; min-height: 0; }
  :host(:not([mode='floating'])) .app { overflow: hidden; border-radius: var(--linnet-radius, 14px); }
  .launcher { position: fixed; z-index: 2147483000; right: 1rem; bottom: 1rem; background: var(--linnet-accent, #a3303b); color: var(--linnet-on-accent, #fff); border-color: transparent; box-shadow: 0 4px 16px rgb(0 0 0 / 25%); }
  .panel { display: none; }
  :host([open]) .panel { position: fixed; inset: auto 1rem 1rem auto; z-index: 2147483000; display: flex; flex-direction: column; width: min(26rem, 100vw - 2rem); height: min(40rem, 100dvh - 2rem); margin: 0; padding: 0; box-sizing: border-box; overflow: hidden; color: light-dark(#241f1b, #ece6e0); background: var(--linnet-background, light-dark(#faf8f5, #171412)); border: 1px solid var(--linnet-line-strong, light-dark(#8f857b, #80766d)); border-radius: var(--linnet-radius, 14px); box-shadow: 0 8px 40px rgb(0 0 0 / 30%); }
  :host([open][theme='light']) .panel { color-scheme: light; }
  :host([open][theme='dark']) .panel { color-scheme: dark; }
  .panel .content { flex: 1; }
  .bar { display: flex; align-items: center; justify-content: space-between; gap: 0.5rem; padding-left: 1rem; font-size: 0.875rem; font-weight: 600; }
  .bar button { border-color: transparent; padding: 0; width: 44px; font-size: 1.25rem; line-height: 1; }
  @media (max-width: 560px) {
    :host([open]) .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; }
  }
`;
