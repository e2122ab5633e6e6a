/**
 * When to try again, and after how long. Knows only numbers and one header; the waiting is done by the host.
 */

/** Tries that bring no byte before a request is given up: about half a minute. */
export const MAX_ATTEMPTS = 6;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

/** Something that may work when it is tried again; `retryAfterMs` is the server's own wish. */
export class TransientError extends Error {
  readonly retryAfterMs: number | undefined;
  /** What is thrown in the end, when no try helped. */
  readonly final: Error;

  constructor(final: Error, retryAfterMs?: number) {
    super(final.message, { cause: final });
    this.final = final;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Doubles with each attempt (0, 1, ...), give or take half, so that clients cut off together do not return together. */
export function backoffMs(attempt: number, random: number, retryAfterMs: number | undefined): number {
  const jittered = Math.min(FIRST_DELAY_MS * 2 ** attempt, LONGEST_DELAY_MS) * (0.5 + random);
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
}

/** `Retry-After` in milliseconds: a number of seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}
