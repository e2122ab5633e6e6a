/** The bench page's own layout; colours, buttons and fields are the app's. */
import { css } from 'lit';

export const benchStyles = css`
  :host {
    display: block;
    height: 100dvh;
    overflow-y: auto;
  }
  .column {
    max-width: 44rem;
    margin: 0 auto;
    padding: 1rem 1rem 4rem;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.25rem;
  }
  :host(.result) {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.25rem;
    height: auto;
    overflow: visible;
  }
  nav {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    min-height: 44px;
  }
  nav a {
    color: inherit;
    font-weight: 550;
    text-decoration: none;
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
    min-height: 44px;
  }
  nav a:hover {
    text-decoration: underline;
  }
  h1 {
    font-size: 1.75rem;
    margin-bottom: 0.5rem;
  }
  h2 {
    font-size: 1.0625rem;
    margin-bottom: 0.6rem;
  }
  .panel {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: 1rem;
  }
  form {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.9rem;
  }
  .pick,
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }
  .pick select {
    flex: 1 1 14rem;
    width: auto;
    min-width: 0;
  }
  .numbers {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
    gap: 0.75rem;
  }
  .numbers > div {
    display: grid;
    align-content: end;
  }
  .numbers label {
    display: block;
    font-size: 0.875rem;
    margin-bottom: 0.2rem;
  }
  progress {
    width: 100%;
    height: 8px;
    accent-color: var(--accent);
  }
  .running {
    display: grid;
    gap: 0.6rem;
    justify-items: start;
  }
  .live:empty {
    display: none;
  }
  .problem {
    border-color: var(--warn-line);
    background: var(--warn-bg);
    color: var(--warn-text);
    overflow-wrap: anywhere;
  }
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr));
    gap: 0.75rem;
  }
  .card {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: 0.8rem 0.9rem;
  }
  .card .name {
    color: var(--muted);
    font-size: 0.875rem;
  }
  .card .big {
    font-size: 1.5rem;
    font-weight: 650;
    letter-spacing: -0.02em;
    line-height: 1.25;
  }
  .card .big small {
    font-size: 0.8125rem;
    font-weight: 500;
    letter-spacing: 0;
    color: var(--muted);
  }
  .card .share {
    color: var(--accent);
    font-weight: 550;
  }
  .chart {
    width: 100%;
    max-width: 28rem;
    height: auto;
    font-size: 12px;
    overflow: visible;
  }
  .chart text {
    fill: var(--text);
  }
  .chart .group {
    font-weight: 650;
    font-size: 13px;
  }
  .chart .label {
    fill: var(--muted);
  }
  .chart .measured {
    fill: var(--accent);
  }
  .chart .limit {
    fill: var(--line-strong);
    opacity: 0.55;
  }
  .chart .cut {
    fill: var(--surface);
  }
  .chart .range {
    stroke: var(--text);
    stroke-width: 1.2;
    fill: none;
  }
  dl {
    display: grid;
    grid-template-columns: minmax(7rem, auto) 1fr;
    gap: 0.35rem 1rem;
    font-size: 0.9375rem;
  }
  @media (max-width: 480px) {
    dl {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
    dd {
      margin-bottom: 0.6rem;
    }
  }
  dt {
    color: var(--muted);
  }
  dd {
    overflow-wrap: anywhere;
  }
  pre {
    margin: 0.75rem 0 0;
    padding: 0.75rem;
    max-height: 18rem;
    overflow: auto;
    background: var(--sunken);
    border-radius: var(--radius-small);
    font: 0.8125rem/1.45 var(--mono);
  }
`;
