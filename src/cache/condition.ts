/**
 * A bell: those who wait for a state that others change hear each change, and look again. It knows no state itself.
 */
import { abortedError, throwIfAborted } from './errors.ts';

export class Condition {
  readonly #waiting = new Set<() => void>();

  notify(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves when `test` holds; looks again after each `notify`. Rejects with `Aborted`, or what `test` throws. */
  async until(test: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    while (!test()) await this.#next(signal);
  }

  async #next(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(wake);
        reject(abortedError());
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
