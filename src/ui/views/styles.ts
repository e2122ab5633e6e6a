/**
 * What all views share: the design tokens (on the root element of the app, light and dark; a site that embeds it replaces those
 * that have a `--linnet-` name), buttons, fields, focus. It
 * knows no view. Colour pairs are chosen for a contrast of at least 4.5:1 for text and 3:1 for borders of controls.
 */
import { css } from 'lit';

export const tokens = css`
  :host {
    color-scheme: light dark;
    --bg: var(--linnet-background, light-dark(#faf8f5, #171412));
    --surface: var(--linnet-surface, light-dark(#ffffff, #211d1a));
    --sunken: var(--linnet-sunken, light-dark(#f1ece5, #2a2521));
    --text: var(--linnet-text, light-dark(#241f1b, #ece6e0));
    --muted: var(--linnet-muted, light-dark(#675e56, #aca299));
    --line: var(--linnet-line, light-dark(#e5ded5, #3a332d));
    --line-strong: var(--linnet-line-strong, light-dark(#8f857b, #80766d));
    --accent: var(--linnet-accent, light-dark(#a3303b, #ee8a8d));
    --accent-hover: color-mix(in oklab, var(--accent) 85%, var(--text));
    --on-accent: var(--linnet-on-accent, light-dark(#ffffff, #2a0b0e));
    --accent-soft: color-mix(in oklab, var(--accent) 13%, var(--bg));
    --warn-bg: light-dark(#fdf3df, #332a17);
    --warn-line: light-dark(#e0c183, #6b562a);
    --warn-text: light-dark(#6a4a08, #f0cd86);
    --ok: light-dark(#2f6b44, #8ccba1);
    --radius: var(--linnet-radius, 14px);
    --radius-small: calc(var(--radius) * 0.65);
    --shadow: 0 1px 2px rgb(40 25 15 / 6%), 0 8px 24px rgb(40 25 15 / 6%);
    --column: 46rem;
    --mono: ui-monospace, 'SF Mono', 'Cascadia Code', Menlo, Consolas, monospace;
    font-family: var(--linnet-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
    font-size: 1rem;
    line-height: 1.5;
    color: var(--text);
    background: var(--bg);
    -webkit-font-smoothing: antialiased;
  }
  :host([theme='light']) {
    color-scheme: light;
  }
  :host([theme='dark']) {
    color-scheme: dark;
  }
  /* A guest is as light or dark as the page around it. */
  :host([embedded][theme='system']) {
    color-scheme: inherit;
  }
`;

export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h1,
  h2,
  h3 {
    font-weight: 650;
    line-height: 1.2;
    letter-spacing: -0.015em;
    text-wrap: balance;
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.15em;
  }
  :focus-visible {
    outline: 2.5px solid var(--accent);
    outline-offset: 2px;
  }
  svg {
    display: block;
    flex: none;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: 0.875rem;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
      scroll-behavior: auto !important;
    }
  }
`;

export const buttons = css`
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: 1px solid transparent;
    border-radius: var(--radius-small);
    cursor: pointer;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5em;
    min-height: 44px;
    padding: 0.4rem 1rem;
    font-weight: 550;
    transition:
      background 120ms,
      border-color 120ms,
      color 120ms;
  }
  button:disabled {
    cursor: not-allowed;
    opacity: 0.45;
  }
  button.primary {
    background: var(--accent);
    color: var(--on-accent);
  }
  button.primary:hover:not(:disabled) {
    background: var(--accent-hover);
  }
  button.secondary {
    background: var(--surface);
    border-color: var(--line-strong);
  }
  button.secondary:hover:not(:disabled) {
    background: var(--sunken);
  }
  button.quiet {
    color: var(--muted);
    min-height: 36px;
    padding: 0.25rem 0.6rem;
    font-weight: 500;
    font-size: 0.875rem;
  }
  button.quiet:hover:not(:disabled) {
    background: var(--sunken);
    color: var(--text);
  }
  button.icon {
    width: 44px;
    min-height: 44px;
    padding: 0;
    color: var(--muted);
  }
  button.icon:hover:not(:disabled) {
    background: var(--sunken);
    color: var(--text);
  }
`;

export const fields = css`
  input,
  textarea,
  select {
    font: inherit;
    color: inherit;
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-small);
    padding: 0.55rem 0.75rem;
    min-height: 44px;
    width: 100%;
  }
  input::placeholder,
  textarea::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  input[type='checkbox'] {
    width: 1.15rem;
    min-height: 1.15rem;
    height: 1.15rem;
    padding: 0;
    accent-color: var(--accent);
    flex: none;
  }
  label {
    font-weight: 550;
  }
`;

/** A dialog along a side of the window, with a heading. */
export const drawers = css`
  dialog {
    max-width: none;
    height: 100dvh;
    max-height: none;
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    margin-bottom: 1rem;
  }
  h2 {
    font-size: 1.25rem;
  }
`;

export const dialogs = css`
  dialog {
    color: inherit;
    background: var(--surface);
    border: 1px solid var(--line);
    padding: 0;
    box-shadow: 0 24px 64px rgb(30 15 10 / 22%);
  }
  dialog::backdrop {
    background: rgb(30 20 15 / 45%);
  }
`;
