/** The looks of <linnet-welcome>. */
import { css } from 'lit';

export const welcomeStyles = css`
  :host {
    display: block;
    overflow-y: auto;
    padding: 0 1.1rem;
  }
  .column {
    max-width: 56rem;
    margin: 0 auto;
    padding: clamp(1.25rem, 5vh, 3rem) 0 3rem;
  }
  .hero {
    text-align: center;
    margin-bottom: 1.75rem;
  }
  .hero svg {
    margin: 0 auto 0.9rem;
  }
  .hero h1 {
    font-size: clamp(1.6rem, 1.2rem + 2vw, 2.35rem);
    letter-spacing: -0.025em;
  }
  .hero p {
    margin-top: 0.6rem;
    font-size: 1.0625rem;
    text-wrap: balance;
  }
  .hero .device {
    margin-top: 0.4rem;
    font-size: 0.875rem;
    color: var(--muted);
  }
  section {
    margin-top: 2.25rem;
  }
  h2 {
    font-size: 1.125rem;
    margin-bottom: 0.8rem;
  }
  .panel {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: 1rem 1.1rem;
  }
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 16.5rem), 1fr));
    gap: 0.75rem;
  }
  .cards li {
    display: flex;
  }
  button.card {
    flex: 1;
    flex-direction: column;
    align-items: flex-start;
    justify-content: flex-start;
    gap: 0.25rem;
    text-align: start;
    padding: 1rem 1.1rem;
    background: var(--surface);
    border-color: var(--line);
    border-radius: var(--radius);
    font-weight: 450;
  }
  button.card[aria-disabled='true'] {
    cursor: not-allowed;
    opacity: 0.45;
  }
  button.card:hover:not([aria-disabled='true']) {
    border-color: var(--accent);
    box-shadow: var(--shadow);
  }
  button.card strong {
    font-size: 1.0625rem;
    font-weight: 600;
  }
  button.card.recommended {
    border-color: var(--accent);
  }
  .badge {
    font-size: 0.8125rem;
    font-weight: 600;
    color: var(--accent);
  }
  .summary {
    color: var(--muted);
    font-size: 0.9375rem;
  }
  .facts {
    margin-top: auto;
    padding-top: 0.5rem;
    display: flex;
    flex-wrap: wrap;
    gap: 0.1rem 0.9rem;
    font-size: 0.8125rem;
    color: var(--muted);
    font-variant-numeric: tabular-nums;
  }
  button.continue {
    width: 100%;
    justify-content: flex-start;
    text-align: start;
    gap: 1rem;
    padding: 1rem 1.25rem;
    border-radius: var(--radius);
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 450;
  }
  button.continue:hover {
    background: var(--accent-hover);
  }
  button.continue span span {
    display: block;
  }
  button.continue strong {
    font-weight: 600;
    font-size: 1.0625rem;
  }
  .status > * {
    margin-bottom: 1rem;
  }
  .inspecting {
    display: flex;
    align-items: center;
    gap: 0.8rem;
    padding: 0.7rem 1.1rem;
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    overflow-wrap: anywhere;
  }
  .inspecting button {
    margin-left: auto;
  }
  .spinner {
    width: 18px;
    height: 18px;
    flex: none;
    border-radius: 50%;
    border: 2.5px solid var(--line);
    border-top-color: var(--accent);
    animation: turn 900ms linear infinite;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
`;
