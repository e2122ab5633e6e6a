/**
 * A text that is still being written, and how to read it: what reads is a generator that yields where it needs text which is
 * not there yet, so that it reads the same wherever the text is cut. Knows no format of calls.
 */

/** Yields for want of text; returns what was read. */
export type Reading<T> = Generator<undefined, T, undefined>;

/** What was read is not what it should be. The message says what was wanted. */
export class Malformed extends Error {}

export class Reader {
  #text = '';
  #at = 0;
  /** Characters dropped in front of `#text`. */
  #numDropped = 0;
  #ended = false;

  add(text: string): void {
    this.#text += text;
  }

  /** Nothing comes behind. */
  end(): void {
    this.#ended = true;
  }

  /** Of the next character, in UTF-16 units from the start. */
  get position(): number {
    return this.#numDropped + this.#at;
  }

  /** What was read since `position`, which was not forgotten. */
  since(position: number): string {
    return this.#text.slice(position - this.#numDropped, this.#at);
  }

  /** Reads on from there, which was not forgotten. */
  rewind(position: number): void {
    this.#at = position - this.#numDropped;
  }

  /** What was read will not be asked for again. */
  forget(): void {
    this.#numDropped += this.#at;
    this.#text = this.#text.slice(this.#at);
    this.#at = 0;
  }

  /** What there is to be read now. */
  get ahead(): string {
    return this.#text.slice(this.#at);
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** The next character, which stays; '' at the end. */
  *peek(): Reading<string> {
    while (this.#at >= this.#text.length && !this.#ended) yield;
    return this.#text.charAt(this.#at);
  }

  /** Passes over characters that `peek`, `comes` or `ahead` has shown. */
  skip(numCharacters = 1): void {
    this.#at += numCharacters;
  }

  /** Takes the text if it comes next. */
  *accepts(text: string): Reading<boolean> {
    const comes = yield* this.comes(text);
    if (comes) this.skip(text.length);
    return comes;
  }

  /** Whether the text comes next, which stays. */
  *comes(text: string): Reading<boolean> {
    for (;;) {
      const there = this.#text.slice(this.#at, this.#at + text.length);
      if (there === text) return true;
      if (!text.startsWith(there) || this.#ended) return false;
      yield;
    }
  }

  /** @throws Malformed where something else comes */
  *expect(text: string): Reading<void> {
    if (!(yield* this.accepts(text))) throw new Malformed(`${JSON.stringify(text)} was to come`);
  }

  *space(): Reading<void> {
    for (;;) {
      const character = yield* this.peek();
      if (character === '' || !' \n\r\t'.includes(character)) return;
      this.skip();
    }
  }

  /** Characters while they match; may be none. */
  *while(pattern: RegExp): Reading<string> {
    const from = this.position;
    for (;;) {
      const character = yield* this.peek();
      if (character === '' || !pattern.test(character)) return this.since(from);
      this.skip();
    }
  }

  /** What stands before the mark, which is taken too; `tell` is given it in pieces. @throws Malformed where it never comes */
  *until(mark: string, tell?: (piece: string) => void): Reading<string> {
    const from = this.position;
    if (!(yield* this.untilEnd(mark, tell))) throw new Malformed(`${JSON.stringify(mark)} never came`);
    return this.since(from).slice(0, -mark.length);
  }

  /** The same, or up to the end of the text. Whether the mark came. */
  *untilEnd(mark: string, tell: (piece: string) => void = () => undefined): Reading<boolean> {
    for (;;) {
      const found = this.#text.indexOf(mark, this.#at);
      const numHeld = this.#ended ? 0 : lengthOfBeginning(this.ahead, [mark]);
      const end = found >= 0 ? found : this.#text.length - numHeld;
      const piece = this.#text.slice(this.#at, end);
      this.#at = end;
      if (piece !== '') tell(piece);
      if (found >= 0) this.skip(mark.length);
      if (found >= 0 || this.#ended) return found >= 0;
      yield;
    }
  }
}

/** Length of the longest end of `text` with which some mark begins, and that is not all of it. */
export function lengthOfBeginning(text: string, marks: readonly string[]): number {
  const longest = Math.max(0, ...marks.map((mark) => mark.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const end = text.slice(text.length - length);
    if (marks.some((mark) => mark.length > length && mark.startsWith(end))) return length;
  }
  return 0;
}
