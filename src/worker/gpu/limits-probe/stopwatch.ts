/**
 * How fast a device gets through work of adjustable size: finds a size that takes long enough for the clock and the way to
 * the device not to matter, repeats it, and takes the best, since whatever disturbs only slows. Knows no kernels.
 */
export interface Stopwatch {
  /** Milliseconds; only differences count. */
  readonly nowMs: () => number;
  /** A run is stretched to about this long. */
  readonly targetMs: number;
  readonly numRepeats: number;
  /** Two repetitions are enough once this long was spent on them: what takes long is disturbed less. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Work {
  /** Submits `amount` of the work; the promise ends when the device has done it. */
  run(amount: number): Promise<void>;
  readonly firstAmount: number;
  readonly maxAmount: number;
}

export interface Pace {
  readonly amount: number;
  /** [numRepeats], or less when the budget was spent */
  readonly timesMs: readonly number[];
  /** Amount per second in the best run. */
  readonly perSecond: number;
}

/** @throws the signal's reason when it aborts */
export async function measurePace(work: Work, watch: Stopwatch): Promise<Pace> {
  const time = async (amount: number) => {
    watch.signal?.throwIfAborted();
    const startMs = watch.nowMs();
    await work.run(amount);
    return Math.max(watch.nowMs() - startMs, 1e-3);
  };
  // The better of two: on a machine with other work one run alone may say anything.
  const timeTwice = async (amount: number) => Math.min(await time(amount), await time(amount));
  let amount = Math.min(work.firstAmount, work.maxAmount);
  await time(amount); // the first use of a pipeline and of a buffer's pages
  let tookMs = await timeTwice(amount);
  while (tookMs < watch.targetMs / 2 && amount < work.maxAmount) {
    // At most eightfold: a short time is mostly the way to the device, and says little of the work.
    const growth = Math.min(8, Math.max(2, watch.targetMs / tookMs));
    amount = Math.min(work.maxAmount, Math.ceil(amount * growth));
    tookMs = await timeTwice(amount);
  }
  const timesMs = [tookMs];
  let spentMs = 0;
  while (timesMs.length < watch.numRepeats && (timesMs.length < 3 || spentMs < watch.budgetMs)) {
    const repeatMs = await time(amount);
    timesMs.push(repeatMs);
    spentMs += repeatMs;
  }
  return { amount, timesMs, perSecond: (amount * 1000) / Math.min(...timesMs) };
}
