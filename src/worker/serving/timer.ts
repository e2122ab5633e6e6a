/** Times of one generation, from a clock that is handed in. */
import type { GenerationResult } from '../api.ts';

export class Timer {
  readonly #nowMs: () => number;
  readonly #startMs: number;
  #firstTokenMs: number | undefined;
  #lastTokenMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    this.#lastTokenMs = this.#startMs;
  }

  /** A token has come back. */
  token(): void {
    this.#lastTokenMs = this.#nowMs();
    this.#firstTokenMs ??= this.#lastTokenMs;
  }

  /** `numPrefilled`: prompt tokens that were really computed. */
  report(numPrefilled: number, numGenerated: number): GenerationResult['timings'] {
    const firstMs = this.#firstTokenMs ?? this.#nowMs();
    const prefillMs = firstMs - this.#startMs;
    const decodeMs = Math.max(0, this.#lastTokenMs - firstMs);
    const rate = (count: number, ms: number) => (ms > 0 ? (count * 1000) / ms : 0);
    return {
      timeToFirstTokenMs: prefillMs,
      prefillMs,
      decodeMs,
      prefillTokensPerSecond: rate(Math.max(0, numPrefilled), prefillMs),
      decodeTokensPerSecond: rate(Math.max(0, numGenerated - 1), decodeMs),
    };
  }
}
