/** Things that arrive when they like and are taken when the reader likes. */
export class Queue<T> {
  #waiting: T[] = [];
  #end: { readonly error: unknown } | 'regular' | undefined;
  #wake: () => void = () => undefined;

  push(item: T): void {
    this.#waiting.push(item);
    this.#wake();
  }

  /** Nothing comes behind this. */
  end(): void {
    this.#end ??= 'regular';
    this.#wake();
  }

  /** Thrown where things are taken, behind those that arrived before. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *drain(): AsyncGenerator<T, void> {
    for (;;) {
      const items = this.#waiting;
      this.#waiting = [];
      yield* items;
      if (this.#waiting.length > 0) continue;
      if (this.#end === 'regular') return;
      if (this.#end !== undefined) throw this.#end.error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
