/**
 * Server-sent events out of text that arrives in pieces: line ends of all three kinds, comments, data in several lines. Knows
 * nothing of what the data is. https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventParser {
  #rest = '';
  #data: string[] = [];
  /** The last piece ended with CR: an LF at the start of the next one belongs to it. */
  #skipsLineFeed = false;
  #isFirst = true;

  /** The data of the events that are complete with this piece. */
  push(piece: string): string[] {
    if (piece === '') return [];
    let text = piece;
    if (this.#isFirst && text.startsWith('\ufeff')) text = text.slice(1);
    this.#isFirst = false;
    if (this.#skipsLineFeed && text.startsWith('\n')) text = text.slice(1);
    this.#skipsLineFeed = piece.endsWith('\r');
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#take(line));
  }

  /** What stands behind the last blank line: servers that end without one mean it too. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = '';
    return [...this.#take(rest), ...this.#take('')];
  }

  #take(line: string): string[] {
    if (line === '') {
      if (this.#data.length === 0) return [];
      const data = this.#data.join('\n');
      this.#data = [];
      return [data];
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    // Older llama.cpp has a field `error` for what others say in `data`.
    if (field === 'data' || field === 'error') this.#data.push(value);
    return [];
  }
}
