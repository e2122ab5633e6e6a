/**
 * The pair-merging loop that SPM and BPE share: of all neighbouring pairs the best one is joined, again and again.
 * It knows neither bytes nor ids, only strings and how good a pair is. O(n log n) in the number of symbols, so that a
 * whole text may be one word (SPM has no words).
 */

/** How early a pair is merged: lower is earlier, undefined is never. Among equals the leftmost pair goes first. */
export type PairPriority = (left: string, right: string) => number | undefined;

interface Candidate {
  readonly priority: number;
  readonly left: number;
  readonly right: number;
  /** Length of both symbols together when the candidate was found; symbols only grow, so another length means stale. */
  readonly length: number;
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.priority !== b.priority ? a.priority < b.priority : a.left < b.left;
}

class CandidateHeap {
  readonly #items: Candidate[] = [];

  push(item: Candidate): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !isBefore(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  pop(): Candidate | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = items[below];
      const other = items[below + 1];
      if (child !== undefined && other !== undefined && isBefore(other, child)) {
        child = other;
        below += 1;
      }
      if (child === undefined || !isBefore(child, last)) break;
      items[at] = child;
      at = below;
    }
    items[at] = last;
    return top;
  }
}

/** Joins `symbols` until no pair has a priority; the symbols that remain, in order. */
export function mergePairs(symbols: readonly string[], priorityOf: PairPriority): string[] {
  const texts: string[] = [...symbols]; // '' once merged into the symbol to its left
  const previous = Int32Array.from(symbols, (_, i) => i - 1);
  const next = Int32Array.from(symbols, (_, i) => (i + 1 < symbols.length ? i + 1 : -1));
  const heap = new CandidateHeap();
  const consider = (left: number, right: number): void => {
    const leftText = texts[left];
    const rightText = texts[right];
    if (leftText === undefined || rightText === undefined) return;
    const priority = priorityOf(leftText, rightText);
    if (priority !== undefined) heap.push({ priority, left, right, length: leftText.length + rightText.length });
  };
  for (let i = 0; i + 1 < texts.length; i++) consider(i, i + 1);
  for (let best = heap.pop(); best !== undefined; best = heap.pop()) {
    const { left, right, length } = best;
    const leftText = texts[left] ?? '';
    const rightText = texts[right] ?? '';
    if (leftText === '' || rightText === '' || leftText.length + rightText.length !== length) continue;
    texts[left] = leftText + rightText;
    texts[right] = '';
    const after = next[right] ?? -1;
    next[left] = after;
    if (after >= 0) previous[after] = left;
    const before = previous[left] ?? -1;
    if (before >= 0) consider(before, left);
    if (after >= 0) consider(left, after);
  }
  return texts.filter((text) => text !== '');
}
