/** The looks of <linnet-history>. */
import { css } from 'lit';

export const historyStyles = css`
  dialog {
    margin: 0 auto 0 0;
    width: min(24rem, 100vw);
    border-width: 0 1px 0 0;
  }
  dialog[open] {
    animation: enter 180ms ease-out;
  }
  @keyframes enter {
    from {
      transform: translateX(-2rem);
      opacity: 0;
    }
  }
  .drawer {
    min-height: 100%;
    display: flex;
    flex-direction: column;
    padding: 1rem 1rem max(1rem, env(safe-area-inset-bottom));
  }
  .none {
    margin-top: 1rem;
  }
  ul {
    list-style: none;
    margin: 0.75rem 0;
    padding: 0;
    flex: 1;
  }
  li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    border-radius: var(--radius-small);
  }
  li:hover,
  li:focus-within {
    background: var(--sunken);
  }
  li[data-current='true'] {
    background: var(--accent-soft);
  }
  button.title {
    flex: 1;
    min-width: 0;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    justify-content: start;
    justify-items: start;
    gap: 0;
    text-align: left;
    padding: 0.45rem 0.6rem;
    font-weight: 500;
  }
  .title span {
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  li form,
  .confirm {
    flex: 1 1 100%;
    display: flex;
    align-items: center;
    gap: 0.5rem;
    padding: 0.4rem 0.6rem;
  }
  .confirm p {
    flex: 1;
  }
  footer {
    padding-top: 0.75rem;
    border-top: 1px solid var(--line);
  }
  .file {
    display: inline-flex;
    align-items: center;
    min-height: 44px;
    padding: 0 0.6rem;
    font-size: 0.875rem;
    font-weight: 400;
    color: var(--muted);
    cursor: pointer;
    border-radius: var(--radius-small);
  }
  .file:focus-within {
    outline: 2px solid var(--accent);
  }
`;
