/**
 * What <linnet-chat> shows: the offer to start, the place of the app, and in floating mode a button in a corner with a panel over
 * the page around them. It makes the parts and puts them together; what happens on a click is the element's matter.
 */
import { trapFocus } from './focus.ts';
import type { EmbedStrings } from './strings.ts';
import { EMBED_STYLE } from './styles.ts';

export interface Frame {
  readonly start: HTMLButtonElement;
  readonly hint: HTMLElement;
  readonly offer: HTMLElement;
  /** The app stands in it. */
  readonly app: HTMLElement;
  /** Of floating mode only. */
  readonly floating: Floating | undefined;
}

export interface Floating {
  readonly launcher: HTMLButtonElement;
  readonly panel: HTMLElement;
  readonly close: HTMLButtonElement;
}

/** Fills an empty shadow root. */
export function buildFrame(root: ShadowRoot, strings: EmbedStrings, isFloating: boolean): Frame {
  // A sheet of its own needs no `style-src` of the page's policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(EMBED_STYLE);
  root.adoptedStyleSheets = [sheet];
  const start = make('button', 'start', { 'data-testid': 'embed-start', type: 'button' }, strings.start);
  const hint = make('p', 'hint', { 'aria-live': 'polite', 'data-testid': 'embed-hint' });
  const offer = make('div', 'offer', { class: 'offer' });
  offer.append(start, hint);
  const app = make('div', 'app', { class: 'app' });
  app.hidden = true;
  const content = make('div', 'content', { class: 'content' });
  content.append(offer, app);
  const floating = isFloating ? buildFloating(content, strings) : undefined;
  root.replaceChildren(...(floating === undefined ? [content] : [floating.launcher, floating.panel]));
  return { start, hint, offer, app, floating };
}

function buildFloating(content: HTMLElement, strings: EmbedStrings): Floating {
  const launcher = make(
    'button',
    'launcher',
    { class: 'launcher', 'data-testid': 'embed-launcher', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' },
    strings.name,
  );
  const close = make('button', 'close', { 'aria-label': strings.close, 'data-testid': 'embed-close' }, '×');
  for (const button of [launcher, close]) button.type = 'button';
  const bar = make('div', 'bar', { class: 'bar' });
  bar.append(make('span', 'title', {}, strings.name), close);
  // A popover stands above everything in the page, and the page around it stays usable.
  const panel = make('div', 'panel', {
    class: 'panel',
    popover: 'manual',
    role: 'dialog',
    'aria-label': strings.name,
    'data-testid': 'embed-panel',
  });
  panel.append(bar, content);
  trapFocus(panel);
  return { launcher, panel, close };
}

function make<Tag extends 'button' | 'div' | 'p' | 'span'>(
  tag: Tag,
  part: string,
  attributes: Readonly<Record<string, string>>,
  text = '',
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.setAttribute('part', part);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}
