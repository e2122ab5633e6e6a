/** Keeps the Tab key within a part of the page, however deep its shadow roots are. Knows nothing of what is in it. */

const FOCUSABLE = 'a[href], button, input, select, textarea, summary, [tabindex]';

/** Adds two stops for the Tab key, at the ends of `container`, that send the focus to its other end. */
export function trapFocus(container: HTMLElement): void {
  const [start, end] = [document.createElement('span'), document.createElement('span')];
  for (const stop of [start, end]) {
    stop.tabIndex = 0;
    stop.addEventListener('focus', () => {
      const between = focusable(container).filter((element) => element !== start && element !== end);
      (stop === end ? between.at(0) : between.at(-1))?.focus();
    });
  }
  container.prepend(start);
  container.append(end);
}

/** What the Tab key reaches in `root`, in the order of the tree. */
export function focusable(root: ParentNode): readonly HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>('*')].flatMap((element) => {
    const inner = element.shadowRoot === null ? [] : focusable(element.shadowRoot);
    return element.matches(FOCUSABLE) && isReachable(element) ? [element, ...inner] : inner;
  });
}

function isReachable(element: HTMLElement): boolean {
  const disabled = 'disabled' in element && element.disabled === true;
  return !disabled && element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true });
}
