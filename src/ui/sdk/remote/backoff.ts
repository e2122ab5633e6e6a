/** When a server is asked again. Knows only numbers and two headers; who waits is transport.ts. */

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
/** A server that wants a longer pause is not waited for. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** Doubles with each retry (0, 1, ...), give or take half, at least what the server asked for; undefined where that is too long. */
export function backoffMs(retry: number, random: number, retryAfterMs: number | undefined): number | undefined {
  if (retryAfterMs !== undefined && retryAfterMs > LONGEST_RETRY_AFTER_MS) return undefined;
  const jittered = Math.min(FIRST_DELAY_MS * 2 ** retry, LONGEST_DELAY_MS) * (0.5 + random);
  return Math.max(jittered, retryAfterMs ?? 0);
}

/** `retry-after-ms`, or `Retry-After` in seconds or as a date. Across origins a page sees them only where the server exposes them. */
export function retryAfterOf(headers: Headers, nowMs: number): number | undefined {
  const precise = headers.get('retry-after-ms');
  if (precise !== null && /^\d+(\.\d+)?$/.test(precise)) return Number(precise);
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
