/**
 * How many prompt tokens a step takes, from how long steps take here: small enough that no submit holds the GPU for long
 * (a browser kills one after two seconds), large enough to be quick. Results do not depend on it. Pure.
 */
const START_ROWS = 64;
const LEAST_ROWS = 8;
/** A step may take this long before chunks shrink, and chunks grow while steps are well below it. */
const TARGET_MS = 200;

export class ChunkPacer {
  readonly #maxRows: number;
  #rows: number;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
    this.#rows = Math.min(START_ROWS, maxRows);
  }

  /** Rows of prefill for the next step. */
  get rows(): number {
    return this.#rows;
  }

  /** A step with `numRows` prompt rows took `ms`. */
  observe(numRows: number, ms: number): void {
    if (ms > TARGET_MS && numRows > LEAST_ROWS) {
      this.#rows = Math.max(LEAST_ROWS, Math.min(this.#rows, Math.floor(numRows / 2)));
    } else if (ms < TARGET_MS / 3 && numRows >= this.#rows) {
      this.#rows = Math.min(this.#maxRows, this.#rows * 2);
    }
  }
}
