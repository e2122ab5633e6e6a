/**
 * Gathers events so that the page gets at most one message per frame's length; neighbouring text deltas become one.
 * Knows nothing of generations.
 */
import type { GenerationEvent, OnEvents } from './api.ts';

const FRAME_MS = 16;

export class EventBatcher {
  readonly #send: OnEvents;
  readonly #later: (callback: () => void, ms: number) => void;
  #pending: GenerationEvent[] = [];
  #scheduled = false;
  /** Of all batches so far: the way to a page is a message, and the answer to it one more. */
  #delivered: Promise<unknown> = Promise.resolve();

  constructor(send: OnEvents, later: (callback: () => void, ms: number) => void) {
    this.#send = send;
    this.#later = later;
  }

  push(event: GenerationEvent): void {
    const last = this.#pending.at(-1);
    if (last?.kind === 'delta' && event.kind === 'delta') {
      this.#pending[this.#pending.length - 1] = { kind: 'delta', text: last.text + event.text };
    } else if (last?.kind === 'toolArguments' && event.kind === 'toolArguments' && last.index === event.index) {
      this.#pending[this.#pending.length - 1] = { ...last, text: last.text + event.text };
    } else if (last?.kind === 'prefill' && event.kind === 'prefill') {
      this.#pending[this.#pending.length - 1] = event;
    } else {
      this.#pending.push(event);
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(() => {
      this.#scheduled = false;
      // A listener that fails is heard of when the generation ends.
      this.flush().catch(() => undefined);
    }, FRAME_MS);
  }

  /** Resolves when every event has arrived, so that a result can be told behind them; rejects with what a listener threw. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) {
      const events = this.#pending;
      this.#pending = [];
      this.#delivered = Promise.all([this.#delivered, this.#send(events)]);
    }
    await this.#delivered;
  }
}
