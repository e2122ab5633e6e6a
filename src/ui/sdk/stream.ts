/**
 * An answer in pieces, as OpenAI's client has it: iterated once, and over when the loop is left or `controller` aborts.
 * Knows nothing of what the pieces are.
 */
export class Stream<T> implements AsyncIterable<T> {
  /** Aborting it ends the loop, and what is computed for it. */
  readonly controller: AbortController;
  readonly #first: IteratorResult<T, void>;
  readonly #rest: Pieces<T>;

  private constructor(controller: AbortController, first: IteratorResult<T, void>, rest: Pieces<T>) {
    this.controller = controller;
    this.#first = first;
    this.#rest = rest;
  }

  /** Resolves when the first piece is there; rejects where there is none, so that a request is refused before it streams. */
  static async open<T>(start: (signal: AbortSignal) => AsyncGenerator<T, void>): Promise<Stream<T>> {
    const controller = new AbortController();
    const pieces = start(controller.signal);
    return new Stream(controller, await pieces.next(), pieces);
  }

  /** The same, with each piece changed. This one is not to be iterated then. */
  map<U>(change: (piece: T) => U): Stream<U> {
    const changed = (result: IteratorResult<T, void>): IteratorResult<U, void> =>
      result.done === true ? result : { done: false, value: change(result.value) };
    const rest = this.#rest;
    return new Stream(this.controller, changed(this.#first), {
      next: async () => changed(await rest.next()),
      return: async () => changed(await rest.return()),
    });
  }

  /** Throws where a piece was to be read: `Aborted` when the caller's own signal aborted, not when `controller` did. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    try {
      for (let piece = this.#first; piece.done !== true; piece = await this.#rest.next()) yield piece.value;
    } catch (error) {
      if (!this.controller.signal.aborted) throw error;
    } finally {
      this.controller.abort();
      await this.#rest.return();
    }
  }
}

/** What a stream needs of what makes its pieces. */
interface Pieces<T> {
  next(): Promise<IteratorResult<T, void>>;
  /** Ends it. */
  return(): Promise<IteratorResult<T, void>>;
}
