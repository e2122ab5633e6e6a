/** The looks of <linnet-settings>. */
import { css } from 'lit';

export const settingsStyles = css`
  dialog {
    margin: 0 0 0 auto;
    width: min(26rem, 100vw);
    border-width: 0 0 0 1px;
  }
  dialog[open] {
    animation: enter 180ms ease-out;
  }
  @keyframes enter {
    from {
      transform: translateX(2rem);
      opacity: 0;
    }
  }
  .drawer {
    min-height: 100%;
    padding: 1rem 1.25rem max(1.5rem, env(safe-area-inset-bottom));
  }
  h3 {
    font-size: 0.9375rem;
    margin: 1.75rem 0 0.75rem;
    padding-top: 1.1rem;
    border-top: 1px solid var(--line);
  }
  label {
    font-size: 0.9375rem;
  }
  textarea {
    margin-top: 0.5rem;
    resize: vertical;
  }
  .hint {
    font-size: 0.8125rem;
    color: var(--muted);
    line-height: 1.35;
  }
  .grid {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 1rem;
  }
  .field input,
  .field select {
    margin: 0.3rem 0;
  }
  .wide {
    grid-column: 1 / -1;
  }
  .apply {
    width: 100%;
    margin-top: 1rem;
  }
  .check {
    display: grid;
    grid-template-columns: auto 1fr;
    align-items: center;
    gap: 0.3rem 0.6rem;
    margin-top: 1.1rem;
  }
  .check .hint {
    grid-column: 2;
  }
  .language {
    margin-top: 1.75rem;
    padding-top: 1.1rem;
    border-top: 1px solid var(--line);
  }
  footer {
    margin-top: 1.75rem;
    padding-top: 1rem;
    border-top: 1px solid var(--line);
  }
  footer p {
    margin-top: 0.5rem;
    overflow-wrap: anywhere;
  }
  footer button.quiet {
    margin-left: -0.6rem;
  }
  button.link {
    display: inline;
    min-height: 0;
    padding: 0;
    border: 0;
    border-radius: 3px;
    color: var(--accent);
    font-weight: inherit;
    text-decoration: underline;
    text-underline-offset: 0.15em;
  }
  footer .link,
  footer a {
    margin-right: 0.75rem;
  }
`;
