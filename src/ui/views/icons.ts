/**
 * The drawings: line icons that take the colour of their text, and the bird. All are decoration; the words beside them or
 * the label of their button say what they mean.
 */
import { html, svg, type TemplateResult } from 'lit';

const PATHS = {
  settings: svg`<path d="M4 7h9M19 7h1M4 17h1M11 17h9" /><circle cx="16" cy="7" r="2.6" /><circle cx="8" cy="17" r="2.6" />`,
  sun: svg`<circle cx="12" cy="12" r="4" /><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4" />`,
  moon: svg`<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" />`,
  compose: svg`<path d="M11 4H6.5A2.5 2.5 0 0 0 4 6.5v11A2.5 2.5 0 0 0 6.5 20h11a2.5 2.5 0 0 0 2.5-2.5V13" /><path d="M18.2 3.8a1.7 1.7 0 0 1 2.4 2.4L13 13.8l-3.2.8.8-3.2Z" />`,
  send: svg`<path d="M12 19V5M6 11l6-6 6 6" />`,
  stop: svg`<rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" />`,
  copy: svg`<rect x="9" y="9" width="11" height="11" rx="2.5" /><path d="M5.5 15A1.5 1.5 0 0 1 4 13.5V6.5A2.5 2.5 0 0 1 6.5 4h7A1.5 1.5 0 0 1 15 5.5" />`,
  check: svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`,
  refresh: svg`<path d="M20 11.5a8 8 0 1 0-2.3 6M20 5v6.5h-6.5" />`,
  pencil: svg`<path d="M16.5 4.5a2.1 2.1 0 0 1 3 3L8 19l-4 1 1-4Z" />`,
  trash: svg`<path d="M4 7h16M9.5 7V4.5h5V7M6.5 7l.8 12a1.5 1.5 0 0 0 1.5 1.4h6.4a1.5 1.5 0 0 0 1.5-1.4l.8-12M10 11v5.5M14 11v5.5" />`,
  chats: svg`<path d="M5 6.5h14M5 12h14M5 17.5h9" />`,
  clip: svg`<path d="m20 11.5-8.2 8.2a5 5 0 0 1-7.1-7.1l8.6-8.6a3.4 3.4 0 0 1 4.8 4.8l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.7-7.7" />`,
  left: svg`<path d="m14 7-5 5 5 5" />`,
  right: svg`<path d="m10 7 5 5-5 5" />`,
  close: svg`<path d="m6 6 12 12M18 6 6 18" />`,
  down: svg`<path d="m7 10 5 5 5-5" />`,
  end: svg`<path d="M12 5v14M6 13l6 6 6-6" />`,
  file: svg`<path d="M13.5 3.5H7A2 2 0 0 0 5 5.5v13a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V9Z" /><path d="M13.5 3.5V9H19" />`,
  warning: svg`<path d="M12 4 2.8 19.5h18.4Z" /><path d="M12 10v4.5M12 17v.1" />`,
  play: svg`<path d="M8 5.5v13l10.5-6.5Z" fill="currentColor" />`,
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName, size = 20): TemplateResult {
  return html`<svg
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.7"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${PATHS[name]}
  </svg>`;
}

/** A linnet: brown back, grey head, red breast. */
export function bird(size: number): TemplateResult {
  return html`<svg width=${size} height=${size} viewBox="0 0 64 64" aria-hidden="true">
    <path fill="#8a5c41" d="M4 53 20 39C19 27 27 15 39 13c8-1 14 4 15 11 1 9-3 19-11 24-6 4-14 5-20 2Z" />
    <path
      fill="#b9a99b"
      d="M39 13c8-1 14 4 15 11 0 2 0 4-.5 6-7 2-15-1-18-6.5-1.4-2.4-1-5.5 1-9.8.8-.4 1.6-.6 2.5-.7Z"
    />
    <path
      fill="#c23b48"
      d="M53.5 30C52 37.5 48.5 44.4 43 48c-3.7 2.5-8 3.8-12.2 3.6C40 47 42.5 38 41 28.5c4 2 8.5 2.5 12.5 1.5Z"
    />
    <path fill="#5d3b2a" d="M4 53 20 39c.6-6 4.5-10.5 10.5-11.5C36 33 36 41 29 45.5 21 50 12 51.5 4 53Z" />
    <path fill="#6b6058" d="m53.7 20.5 7.3 4-7.2 2.8c.3-2.3.3-4.5-.1-6.8Z" />
    <circle cx="45.5" cy="21" r="2.3" fill="#1d1512" />
    <circle cx="46.3" cy="20.2" r=".7" fill="#fff" />
  </svg>`;
}
