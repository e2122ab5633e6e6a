/**
 * Watches streamed text for stop strings. Emits what can no longer be part of one, at once, and holds back the rest.
 * It knows nothing of tokens: a stop string may lie across any number of pushes.
 */
import { LinnetError } from '../errors.ts';

export interface StopMatch {
  /** Text that is safe to show. */
  readonly text: string;
  /** A stop string is complete; it and all that follows is dropped, now and in later pushes. */
  readonly stopped: boolean;
}

export interface StopMatcher {
  push(text: string): StopMatch;
  /** The text held back, when the stream ends without a stop string. */
  flush(): string;
}

/**
 * The stop string that is complete first wins; of several that end at one place, the longest, so that the text in
 * front is the same however the stream is cut. Throws InvalidRequest for an empty stop string.
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  if (stops.includes('')) {
    throw new LinnetError('InvalidRequest', 'A stop string is empty; leave it out, or give the text to stop at.');
  }
  let held = '';
  let stopped = false;
  return {
    push(text) {
      if (stopped) return { text: '', stopped };
      const seen = held + text;
      const start = startOfFirstMatch(seen, stops);
      if (start !== undefined) {
        stopped = true;
        held = '';
        return { text: seen.slice(0, start), stopped };
      }
      const numHeld = lengthHeldBack(seen, stops);
      held = seen.slice(seen.length - numHeld);
      return { text: seen.slice(0, seen.length - numHeld), stopped };
    },
    flush() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

function startOfFirstMatch(text: string, stops: readonly string[]): number | undefined {
  let best: { readonly start: number; readonly end: number } | undefined;
  for (const stop of stops) {
    const start = text.indexOf(stop);
    if (start < 0) continue;
    const end = start + stop.length;
    if (best === undefined || end < best.end || (end === best.end && start < best.start)) best = { start, end };
  }
  return best?.start;
}

/** Length of the longest end of `text` with which some stop string begins. */
function lengthHeldBack(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map((stop) => stop.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const end = text.slice(text.length - length);
    if (stops.some((stop) => stop.length > length && stop.startsWith(end))) return length;
  }
  return 0;
}
