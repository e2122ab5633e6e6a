/** What the last decode step took, from the counters before and after it. */
import type { EngineStats } from '../api.ts';
import type { Counters } from '../gpu/counters.ts';

export class StepCounters {
  readonly #counters: Counters;
  #before = { numDispatches: 0, numSubmits: 0, weightBytesRead: 0 };
  lastDecodeStep: EngineStats['lastDecodeStep'] = { numDispatches: 0, numSubmits: 0, weightBytesRead: 0 };

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  begin(): void {
    const { numDispatches, numSubmits, weightBytesRead } = this.#counters;
    this.#before = { numDispatches, numSubmits, weightBytesRead };
  }

  end(isDecode: boolean): void {
    if (!isDecode) return;
    const { numDispatches, numSubmits, weightBytesRead } = this.#counters;
    this.lastDecodeStep = {
      numDispatches: numDispatches - this.#before.numDispatches,
      numSubmits: numSubmits - this.#before.numSubmits,
      weightBytesRead: weightBytesRead - this.#before.weightBytesRead,
    };
  }
}
