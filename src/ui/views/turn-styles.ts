/** The looks that the two kinds of turn share. */
import { css } from 'lit';

export const turnStyles = css`
  :host {
    display: block;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.1rem 0.25rem;
    min-height: 36px;
    margin-top: 0.15rem;
    color: var(--muted);
    font-size: 0.8125rem;
  }
  .tools button svg {
    width: 17px;
    height: 17px;
  }
`;
