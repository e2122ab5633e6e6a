/** One task after the other, in the order in which they came. Knows nothing of what they do. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as the task does. A task that fails stops none behind it. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
