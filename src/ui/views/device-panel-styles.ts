/** The looks of <linnet-device-panel>. */
import { css } from 'lit';

export const devicePanelStyles = css`
  dialog {
    width: min(36rem, calc(100vw - 1.5rem));
    max-height: calc(100dvh - 1.5rem);
    border-radius: 20px;
    padding: 1.25rem 1.5rem 1.5rem;
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    margin-bottom: 0.75rem;
  }
  h2 {
    font-size: 1.25rem;
  }
  h3 {
    font-size: 0.9375rem;
    margin: 1.5rem 0 0.25rem;
    padding-top: 1.1rem;
    border-top: 1px solid var(--line);
  }
  .hint {
    font-size: 0.8125rem;
    color: var(--muted);
    line-height: 1.4;
  }
  dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 0.55rem 1.25rem;
    font-size: 0.9375rem;
  }
  dt {
    color: var(--muted);
  }
  dd {
    overflow-wrap: anywhere;
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: 0.35rem;
  }
  .chips li {
    padding: 0.05rem 0.5rem;
    border-radius: 999px;
    background: var(--sunken);
    font-size: 0.8125rem;
  }
  .family {
    margin-top: 0.9rem;
  }
  .family > p:not(.hint) {
    font-weight: 550;
    font-size: 0.9375rem;
  }
  .variants {
    margin-top: 0.4rem;
    border: 1px solid var(--line);
    border-radius: var(--radius-small);
    overflow: hidden;
  }
  .variants li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto auto;
    align-items: baseline;
    gap: 0.75rem;
    padding: 0.4rem 0.75rem;
    font-size: 0.875rem;
  }
  .variants li + li {
    border-top: 1px solid var(--line);
  }
  .variants li.chosen {
    background: var(--sunken);
  }
  .name {
    font-family: var(--mono);
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
  }
  .name small {
    font-family: system-ui, sans-serif;
    font-size: 0.75rem;
    color: var(--muted);
    margin-left: 0.5rem;
  }
  .time {
    color: var(--muted);
    font-variant-numeric: tabular-nums;
  }
  .state.right {
    color: var(--ok);
  }
  .state.untested {
    color: var(--muted);
  }
  .variants .struckOut .name {
    text-decoration: line-through;
  }
  .struckOut .state {
    color: var(--warn-text);
  }
  .problems {
    margin-top: 0.6rem;
    display: grid;
    gap: 0.5rem;
  }
  .problems li {
    padding: 0.6rem 0.8rem;
    border-radius: var(--radius-small);
    border: 1px solid var(--warn-line);
    background: var(--warn-bg);
    color: var(--warn-text);
    font-size: 0.875rem;
  }
  .problems code {
    display: block;
    margin-top: 0.25rem;
    font-family: var(--mono);
    font-size: 0.75rem;
    overflow-wrap: anywhere;
  }
  footer {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.75rem;
    margin-top: 1.25rem;
  }
  @media (max-width: 480px) {
    dialog {
      padding: 1rem 1.1rem 1.25rem;
    }
    dl {
      grid-template-columns: 1fr;
      gap: 0;
    }
    dd {
      margin-bottom: 0.6rem;
    }
    footer button {
      flex: 1 1 100%;
    }
  }
`;
