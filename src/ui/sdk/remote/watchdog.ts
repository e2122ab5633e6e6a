/** An abort signal that also aborts when what is waited for does not come in time. Knows nothing of requests. */

export class Watchdog {
  /** Aborts when the outer one does, or when time is up. */
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #late: string | undefined;

  constructor(outer: AbortSignal | undefined) {
    this.signal = outer === undefined ? this.#abort.signal : AbortSignal.any([outer, this.#abort.signal]);
  }

  /** What did not come in time; undefined as long as all did. */
  get late(): string | undefined {
    return this.#late;
  }

  /** Aborts in `ms` unless told otherwise before. `what` did not come then, and how long it was waited for. */
  expect(what: string, ms: number): void {
    this.rest();
    this.#timer = setTimeout(() => {
      this.#late = `${what} in ${String(ms / 1000)} s`;
      this.#abort.abort();
    }, ms);
  }

  /** Nothing is waited for. */
  rest(): void {
    clearTimeout(this.#timer);
  }
}
