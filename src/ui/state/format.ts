/**
 * Numbers as people read them. Bytes are decimal, as download pages and disks count them.
 */
import { strings } from '../strings.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `1185376` -> `1.2 MB`. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [Math.max(0, bytes), 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : unit >= 3 ? 2 : 1;
  return `${value.toLocaleString(strings.locale, { maximumFractionDigits: digits })} ${UNITS[unit] ?? 'B'}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

export function formatCount(count: number): string {
  return count.toLocaleString(strings.locale, { maximumFractionDigits: 0 });
}

/** A duration that is still to come, in words: `about 2 min`, `a few seconds`. */
export function formatRemaining(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 5) return strings.fewSeconds;
  if (seconds < 90) return strings.aboutSeconds(String(Math.ceil(seconds / 5) * 5));
  if (seconds < 90 * 60) return strings.aboutMinutes(String(Math.round(seconds / 60)));
  return strings.aboutHours((seconds / 3600).toLocaleString(strings.locale, { maximumFractionDigits: 1 }));
}

/** A duration that was measured: `340 ms`, `2.1 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  return `${(ms / 1000).toLocaleString(strings.locale, { maximumFractionDigits: 1 })} s`;
}

/** The day of a moment, and the time too if it is today. */
export function formatDate(ms: number): string {
  const date = new Date(ms);
  const today = new Date().toDateString() === date.toDateString();
  return today
    ? date.toLocaleTimeString(strings.locale, { hour: '2-digit', minute: '2-digit', hour12: false })
    : date.toLocaleDateString(strings.locale, { year: 'numeric', month: 'short', day: 'numeric' });
}

/** `84 µs`, `1.3 ms`. */
export function formatMicroseconds(us: number): string {
  const [value, unit] = us < 1000 ? [us, 'µs'] : [us / 1000, 'ms'];
  return `${value.toLocaleString(strings.locale, { maximumFractionDigits: value < 10 ? 1 : 0 })} ${unit}`;
}

export function formatTokensPerSecond(rate: number): string {
  return rate.toLocaleString(strings.locale, { maximumFractionDigits: rate < 10 ? 1 : 0 });
}

/** A probability: `97%`, `0.3%`. */
export function formatShare(share: number): string {
  return share.toLocaleString(strings.locale, { style: 'percent', maximumFractionDigits: share < 0.1 ? 1 : 0 });
}
