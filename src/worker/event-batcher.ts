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

  constructor(send: OnEvents, later: (callback: () => void, ms: number) => void) {
    this.#send = send;
    this.#later = later;
  }

  push(event: GenerationEvent): void {
    const last = this.#pending.at(-1);
    if (last?.kind === 'delta' && event.kind === 'delta') {
      this.#pending[this.#pending.length - 1] = { kind: 'delta', text: last.text + event.text };
    } else if (last?.kind === 'prefill' && event.kind === 'prefill') {
      this.#pending[this.#pending.length - 1] = event;
    } else {
      this.#pending.push(event);
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(() => {
      this.#scheduled = false;
      this.flush();
    }, FRAME_MS);
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const events = this.#pending;
    this.#pending = [];
    this.#send(events);
  }
}
