/** The looks of <linnet-app>: it fills what it stands in, never the window by itself, and one part of it scrolls. */
import { css } from 'lit';

export const appStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    position: relative;
    overflow: hidden;
    /* How wide the app is decides how it is laid out, not how wide the window is. */
    container-type: inline-size;
  }
  main {
    flex: 1;
    min-height: 0;
    display: grid;
    outline: 0;
  }
  main > * {
    min-height: 0;
    min-width: 0;
    grid-area: 1 / 1;
  }
  .skip {
    position: absolute;
    z-index: 3;
    top: 0.5rem;
    left: 0.5rem;
    padding: 0.6rem 1rem;
    border-radius: var(--radius-small);
    background: var(--accent);
    color: var(--on-accent);
    transform: translateY(-200%);
  }
  .skip:focus {
    transform: none;
  }
  .starting {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 1rem;
    color: var(--muted);
    animation: appear 200ms 250ms both;
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
  }
  .model-notes {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 0.5rem;
    padding: 0 0.6rem 0 1rem;
    font-size: 0.8125rem;
    color: var(--muted);
    border-bottom: 1px solid var(--line);
  }
  .model-notes p {
    padding: 0.2rem 0;
    overflow-wrap: anywhere;
  }
  .notice {
    position: absolute;
    z-index: 2;
    left: 50%;
    translate: -50% 0;
    bottom: 1.25rem;
    width: min(34rem, calc(100% - 2rem));
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 0.5rem;
    padding: 0.3rem 0.3rem 0.3rem 1rem;
    border-radius: var(--radius);
    border: 1px solid var(--warn-line);
    background: var(--warn-bg);
    color: var(--warn-text);
    box-shadow: var(--shadow);
  }
  .drop {
    position: absolute;
    z-index: 2;
    inset: 0.75rem;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 0.75rem;
    font-size: 1.25rem;
    font-weight: 600;
    color: var(--accent);
    border: 2.5px dashed var(--accent);
    border-radius: 20px;
    background: color-mix(in srgb, var(--bg) 92%, transparent);
    pointer-events: none;
  }
`;
