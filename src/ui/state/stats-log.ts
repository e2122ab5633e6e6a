/**
 * What the engine does while it answers, as samples for plots: it is asked at the beginning of an answer, twice a second, and at
 * its end, and otherwise left alone. It knows nothing of plots.
 */
import type { EngineStats } from '../../worker/api.ts';
import type { AppState } from './app-state.ts';
import { isAnswering } from './conversation.ts';
import type { StatsSample } from './stats-sample.ts';
import type { Store } from './store.ts';

export interface StatsLogOptions {
  readonly stats: () => Promise<EngineStats>;
  readonly store: Store<AppState>;
  readonly nowMs: () => number;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 500;
/** Five minutes of answers. */
const MAX_SAMPLES = 600;

export function keepStats({ stats, store, nowMs, intervalMs = INTERVAL_MS }: StatsLogOptions): void {
  let isRunning = false;
  /** Until the next sample is due, or the answer ends: what comes behind its end is not time that its tokens took. */
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const timer = setTimeout(go, intervalMs);
      const unsubscribe = store.subscribe(({ conversation }) => {
        if (!isAnswering(conversation)) go();
      });
    });
  const run = async (): Promise<void> => {
    isRunning = true;
    let before: Counted | undefined;
    try {
      // One more behind the end, so that the last tokens count.
      for (let goesOn = true; goesOn;) {
        goesOn = isAnswering(store.state.conversation);
        const counted: Counted = { timeMs: nowMs(), stats: await stats() };
        const sample = sampleOf(counted, before);
        store.update((state) => ({ ...state, samples: [...state.samples, sample].slice(-MAX_SAMPLES) }));
        before = counted;
        if (goesOn) await pause();
      }
    } catch {
      // An engine that is gone has no numbers; the page says so elsewhere.
    }
    isRunning = false;
  };
  store.subscribe(({ conversation }) => {
    if (!isRunning && isAnswering(conversation)) void run();
  });
}

interface Counted {
  readonly timeMs: number;
  readonly stats: EngineStats;
}

function sampleOf({ timeMs, stats }: Counted, before: Counted | undefined): StatsSample {
  const elapsedMs = before === undefined ? 0 : timeMs - before.timeMs;
  const numTokens = before === undefined ? 0 : tokensOf(stats) - tokensOf(before.stats);
  return {
    timeMs,
    tokensPerSecond: elapsedMs > 0 ? (numTokens / elapsedMs) * 1000 : undefined,
    bufferBytes: stats.bufferBytes,
    kvShare: stats.kvCache.totalTokens > 0 ? stats.kvCache.heldTokens / stats.kvCache.totalTokens : 0,
  };
}

/** Each step of a sequence gives one token, and as many more as were guessed right. */
function tokensOf({ numSequenceSteps, numAcceptedDraftTokens }: EngineStats): number {
  return numSequenceSteps + numAcceptedDraftTokens;
}
