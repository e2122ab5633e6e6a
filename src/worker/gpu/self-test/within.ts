/**
 * Waits for something that a driver may never finish. Counts its own ticks instead of reading a clock, so that a machine
 * that slept, or one with other work, is not taken for a driver that hangs.
 */
export type Later = (callback: () => void, ms: number) => void;

export class TimedOut extends Error {}

const TICK_MS = 250;

/** @throws TimedOut after about `limitMs`; what was waited for goes on */
export async function within<T>(work: Promise<T>, limitMs: number, later: Later): Promise<T> {
  let isSettled = false;
  let numTicks = 0;
  const limit = new Promise<never>((_, reject) => {
    const tick = (): void => {
      if (isSettled) return;
      numTicks += 1;
      if (numTicks * TICK_MS >= limitMs) reject(new TimedOut(`not done after ${String(limitMs / 1000)} s`));
      else later(tick, TICK_MS);
    };
    later(tick, TICK_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    isSettled = true;
  }
}
