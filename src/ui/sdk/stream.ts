/**
 * An answer in pieces, as OpenAI's client has it: iterated once, and over when the loop is left or `controller` aborts.
 * Knows nothing of what the pieces are.
 */
export class Stream<T> implements AsyncIterable<T> {
  /** Aborting it ends the loop, and what is computed for it. */
  readonly controller: AbortController;
  readonly #first: IteratorResult<T, void>;
  readonly #rest: AsyncGenerator<T, void>;

  private constructor(controller: AbortController, first: IteratorResult<T, void>, rest: AsyncGenerator<T, void>) {
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

  /** Throws where a piece was to be read: `Aborted` when the caller's own signal aborted, not when `controller` did. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    try {
      if (this.#first.done === true) return;
      yield this.#first.value;
      yield* this.#rest;
    } catch (error) {
      if (!this.controller.signal.aborted) throw error;
    } finally {
      this.controller.abort();
      await this.#rest.return();
    }
  }
}
