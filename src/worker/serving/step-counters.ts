/** What the last decode step took, from the counters before and after it. */
import type { EngineStats } from '../api.ts';
import type { Counters } from '../gpu/counters.ts';

export const NOTHING: EngineStats['lastDecodeStep'] = {
  numDispatches: 0,
  numSubmits: 0,
  weightBytesRead: 0,
  kvBytesRead: 0,
};

export class StepCounters {
  readonly #counters: Counters;
  #before = NOTHING;
  lastDecodeStep: EngineStats['lastDecodeStep'] = NOTHING;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  begin(): void {
    const { numDispatches, numSubmits, weightBytesRead, kvBytesRead } = this.#counters;
    this.#before = { numDispatches, numSubmits, weightBytesRead, kvBytesRead };
  }

  end(isDecode: boolean): void {
    if (!isDecode) return;
    const { numDispatches, numSubmits, weightBytesRead, kvBytesRead } = this.#counters;
    this.lastDecodeStep = {
      numDispatches: numDispatches - this.#before.numDispatches,
      numSubmits: numSubmits - this.#before.numSubmits,
      weightBytesRead: weightBytesRead - this.#before.weightBytesRead,
      kvBytesRead: kvBytesRead - this.#before.kvBytesRead,
    };
  }
}
