/**
 * Runs small steps of work while nothing else wants the engine. Whoever wants it aborts the step under way. Knows nothing of
 * what the steps do.
 */
export type IdleStep = (signal: AbortSignal) => Promise<void>;

const IDLE_AFTER_MS = 1000;

export class IdleWork {
  readonly #next: () => IdleStep | undefined;
  readonly #later: (callback: () => void, ms: number) => void;
  #numBusy = 0;
  #isWaiting = false;
  #step: AbortController | undefined;

  /** `next`: the step to take, undefined when there is nothing to do. */
  constructor(next: () => IdleStep | undefined, later: (callback: () => void, ms: number) => void) {
    this.#next = next;
    this.#later = later;
  }

  /** Nothing is done in the meantime; when nothing else runs either, idle work begins a moment later. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#numBusy += 1;
    this.#step?.abort();
    try {
      return await work();
    } finally {
      this.#numBusy -= 1;
      this.#wait();
    }
  }

  #wait(): void {
    if (this.#numBusy > 0 || this.#isWaiting || this.#step !== undefined || this.#next() === undefined) return;
    this.#isWaiting = true;
    this.#later(() => {
      this.#isWaiting = false;
      void this.#run();
    }, IDLE_AFTER_MS);
  }

  /** One step after the other, until there is none or somebody wants the engine. */
  async #run(): Promise<void> {
    while (this.#numBusy === 0 && this.#step === undefined) {
      const next = this.#next();
      if (next === undefined) return;
      const controller = new AbortController();
      this.#step = controller;
      try {
        await next(controller.signal);
      } catch {
        // A step that was cut short is taken again when nothing else runs. One that fails would fail again.
        if (!controller.signal.aborted) return;
      } finally {
        this.#step = undefined;
      }
    }
    this.#wait();
  }
}
