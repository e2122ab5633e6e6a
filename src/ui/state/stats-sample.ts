/** One look at what the engine does while it answers, for plots. */
export interface StatsSample {
  /** On the clock of `nowMs`. */
  readonly timeMs: number;
  /** Since the sample before; undefined in the first of an answer. */
  readonly tokensPerSecond: number | undefined;
  /** All buffers on the GPU. */
  readonly bufferBytes: number;
  /** Of the cache of keys and values, the share that is held: 0 to 1. */
  readonly kvShare: number;
}
