/** The looks of <linnet-conversation>. */
import { css } from 'lit';

export const conversationStyles = css`
  .versions {
    display: inline-flex;
    align-items: center;
    font-variant-numeric: tabular-nums;
  }
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    position: relative;
  }
  .scroller {
    flex: 1;
    overflow-y: auto;
    overscroll-behavior: contain;
    padding: 1.25rem 1rem 0.5rem;
  }
  .scroller:focus-visible {
    outline-offset: -3px;
  }
  .column {
    max-width: var(--column);
    margin: 0 auto;
  }
  .turns > * + * {
    margin-top: 1rem;
  }
  .empty {
    min-height: 100%;
    display: flex;
    flex-direction: column;
    justify-content: center;
    align-items: center;
    text-align: center;
    gap: 0.4rem;
    padding: 1rem 0 2rem;
  }
  .empty h2 {
    font-size: 1.5rem;
    margin-top: 0.75rem;
  }
  .suggestions {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 0.5rem;
    margin-top: 1.25rem;
  }
  .suggestions button {
    font-weight: 450;
    font-size: 0.9375rem;
    border-color: var(--line);
    border-radius: 999px;
  }
  .foot {
    padding: 0.5rem 1rem max(0.75rem, env(safe-area-inset-bottom));
  }
  .larger {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    align-items: baseline;
    gap: 0 0.35rem;
    margin-bottom: 0.35rem;
    font-size: 0.875rem;
    color: var(--muted);
  }
  .larger button {
    padding: 0.15rem 0.35rem;
    font-size: inherit;
    color: var(--accent-text, var(--accent));
  }
  .jump {
    position: absolute;
    left: 50%;
    translate: -50% 0;
    bottom: 7.5rem;
    border-radius: 999px;
    box-shadow: var(--shadow);
    font-size: 0.875rem;
    min-height: 40px;
  }
  .meter {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 0.6rem;
    min-height: 1.6rem;
    margin-top: 0.35rem;
    font-size: 0.8125rem;
    color: var(--muted);
    font-variant-numeric: tabular-nums;
  }
  .used {
    white-space: nowrap;
  }
  .meter .device {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .meter .device::before {
    content: '· ';
  }
  @media (pointer: coarse) {
    .keys {
      display: none;
    }
    .keys + .device::before {
      content: '';
    }
  }
  .bar {
    width: 5rem;
    height: 5px;
    border-radius: 3px;
    background: var(--line);
    overflow: hidden;
  }
  .bar i {
    display: block;
    height: 100%;
    background: var(--line-strong);
    border-radius: 3px;
  }
  .bar.high i {
    background: var(--accent);
  }
`;
