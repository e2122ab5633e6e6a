/**
 * A clock that stands still while others use the machine: the CPU time of all threads of this process but the main one,
 * divided by the number of cores. On a software adapter that is the time of the device, as if it had the machine to itself
 * and used all of it; what JavaScript does on the main thread (waiting for the device included) is not in it. Linux only.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

export const CLOCK_NAMES = ['wall', 'device'] as const;
export type ClockName = (typeof CLOCK_NAMES)[number];

const THREADS = '/proc/self/task';

/** Milliseconds from some beginning. @throws Error where the system does not tell the CPU time of threads */
export function clockOf(name: ClockName): () => number {
  return name === 'wall' ? () => performance.now() : deviceClock();
}

function deviceClock(): () => number {
  const numCores = availableParallelism();
  const main = String(process.pid);
  /** Of threads that have ended, what they had used when last seen. */
  const usedNs = new Map<string, number>();
  const now = () => {
    for (const thread of readdirSync(THREADS)) {
      if (thread !== main) usedNs.set(thread, readUsedNs(thread) ?? usedNs.get(thread) ?? 0);
    }
    return [...usedNs.values()].reduce((sum, used) => sum + used, 0) / 1e6 / numCores;
  };
  try {
    if (readUsedNs(main) === undefined) throw new Error('no schedstat');
    now();
  } catch {
    throw new Error('--clock device: this system does not tell the CPU time of threads');
  }
  return now;
}

/** Undefined for a thread that has just ended. */
function readUsedNs(thread: string): number | undefined {
  try {
    return Number(readFileSync(join(THREADS, thread, 'schedstat'), 'utf8').split(' ')[0]);
  } catch {
    return undefined;
  }
}
