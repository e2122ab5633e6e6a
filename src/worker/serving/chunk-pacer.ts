/**
 * How many prompt tokens a step takes, from how long steps take here: small enough that neither a step nor any of its
 * dispatches holds the GPU for long, large enough to be quick. Results do not depend on it. Knows no clock: how much of a
 * step its longest dispatch is, is estimated from multiply-adds.
 */
import type { StepWork } from '../gpu/dispatch.ts';
import type { ModelRunner } from '../model/runner.ts';

/** Nothing else is drawn while a dispatch runs. */
export const DISPATCH_AIM_MS = 50;
/** An abort is heard between steps, and a browser kills a submit after some two seconds. */
export const STEP_AIM_MS = 200;
/** What a chunk is made to take of the aims when it took more: times vary. */
const MARGIN = 0.8;
/** Most rows of the first chunk, of which no time is known yet. */
const FIRST_ROWS = 64;
/** Multiply-adds a second that a slow device does: SwiftShader, and a small integrated GPU. The first chunk is sized by it. */
const SLOW = { software: 2e9, hardware: 50e9 };

export interface Pacing {
  readonly maxRows: number;
  /** Rows that products compute together: fewer take as long. Chunks are whole tiles. */
  readonly tileRows: number;
  readonly firstRows: number;
}

export class ChunkPacer {
  readonly #maxRows: number;
  readonly #tileRows: number;
  #rows: number;
  #longestDispatchMs: number | undefined;

  constructor({ maxRows, tileRows, firstRows }: Pacing) {
    this.#maxRows = maxRows;
    this.#tileRows = tileRows;
    this.#rows = this.#within(firstRows);
  }

  /** Rows of prefill for the next step. */
  get rows(): number {
    return this.#rows;
  }

  /** Of the last step with prompt rows, as estimated; undefined before there was one. */
  get longestDispatchMs(): number | undefined {
    return this.#longestDispatchMs;
  }

  /** A step with `numRows` prompt rows took `ms`. What takes no longer for more prompt rows (the head, generated rows) is left out. */
  observe(numRows: number, work: StepWork, ms: number): void {
    const msPerProduct = ms / work.total;
    this.#longestDispatchMs = work.longest * msPerProduct;
    const load = Math.max(this.#longestDispatchMs / DISPATCH_AIM_MS, (work.prompt * msPerProduct) / STEP_AIM_MS);
    const numComputed = Math.ceil(numRows / this.#tileRows) * this.#tileRows;
    if (load > 1) this.#rows = Math.min(this.#rows, this.#within((MARGIN * numComputed) / load));
    else if (load < MARGIN / 2 && numRows >= this.#rows) this.#rows = this.#within(this.#rows * 2);
  }

  /** Whole tiles, at least one, at most what a step takes. */
  #within(rows: number): number {
    const whole = Math.max(1, Math.floor(rows / this.#tileRows)) * this.#tileRows;
    return Math.min(whole, this.#maxRows);
  }
}

export function pacerFor(runner: ModelRunner): ChunkPacer {
  const { plan, gpu, promptTileRows } = runner;
  const work = runner.workOf({
    numPrompt: FIRST_ROWS,
    numGenerated: 0,
    numPromptLogits: 0,
    numSequences: 1,
    numGeneratedLogits: 0,
    numTiles: 0,
    maxPromptKeys: FIRST_ROWS,
    maxGeneratedKeys: 0,
  });
  const longestMs = (1000 * work.longest) / SLOW[gpu.adapter.software ? 'software' : 'hardware'];
  return new ChunkPacer({
    maxRows: plan.sizes.maxRows,
    tileRows: promptTileRows,
    firstRows: Math.min(1, DISPATCH_AIM_MS / longestMs) * FIRST_ROWS,
  });
}
