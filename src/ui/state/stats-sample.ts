/** One look at what the engine does while it answers, for plots. */
export interface StatsSample {
  /** On the clock of `nowMs`. */
  readonly timeMs: number;
  /** Since the sample before; undefined in the first of an answer. */
  readonly tokensPerSecond: number | undefined;
  /** All buffers on the GPU. */
  readonly bufferBytes: number;
  /** Keys and values that the last step of decoding read: how much of the cache is in use. */
  readonly kvBytes: number;
}
