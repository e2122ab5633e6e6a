/**
 * What is remembered of a device between visits: verdicts on kernels, by their code, and how long variants took. Pure: the
 * shape, the names, and the guard for what comes back from a store. A record is forgotten after a week, since nothing tells
 * a page of a new graphics driver.
 */
import type { Kernel } from '../../../shaders/kernel.ts';
import type { KernelProblem } from '../../api.ts';
import type { Gpu } from '../gpu.ts';

export type Verdict =
  { readonly kind: 'right' } | { readonly kind: 'struckOut'; readonly problem: KernelProblem; readonly detail: string };

export interface DeviceRecord {
  readonly format: 1;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** By `kernelId`. */
  readonly verdicts: Readonly<Record<string, Verdict>>;
  /** Microseconds by what was computed, then by variant. */
  readonly timings: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const PROBLEMS: readonly KernelProblem[] = ['wrong', 'unsteady', 'doesNotCompile', 'timedOut', 'lostDevice'];
const KEPT_MS = 7 * 24 * 3600 * 1000;

/** A kernel as it is compiled: another code or another constant is another kernel. */
export function kernelId({ name, code, constants }: Kernel): string {
  return `${name} ${hash(code + JSON.stringify(constants))}`;
}

/** Name of the record of a device: the adapter and what of it decides about kernels, and the page's and browser's version. */
export function recordName({ adapter, device, limits }: Gpu, platform: string): string {
  const { vendor, architecture, description } = adapter;
  const features = [...device.features].sort().join(' ');
  const storage = device.limits.maxComputeWorkgroupStorageSize;
  const words = [vendor, architecture, description, features, limits.maxBindingBytes, storage, platform];
  return `self-test/${words.join('/')}`;
}

/** Undefined for what is no record of this format, or an old one. */
export function parseDeviceRecord(value: unknown, nowMs: number): DeviceRecord | undefined {
  if (!isObject(value)) return undefined;
  const { format, sinceMs, verdicts, timings } = value;
  if (format !== 1 || typeof sinceMs !== 'number' || !isObject(verdicts) || !isObject(timings)) return undefined;
  if (sinceMs > nowMs || sinceMs < nowMs - KEPT_MS) return undefined;
  return {
    format,
    sinceMs,
    verdicts: Object.fromEntries(
      Object.entries(verdicts).flatMap(([id, verdict]) => {
        const parsed = parseVerdict(verdict);
        return parsed === undefined ? [] : [[id, parsed] as const];
      }),
    ),
    timings: Object.fromEntries(
      Object.entries(timings).map(([work, times]) => [work, isObject(times) ? numbersOf(times) : {}] as const),
    ),
  };
}

function parseVerdict(value: unknown): Verdict | undefined {
  if (!isObject(value)) return undefined;
  const { kind, problem: name, detail } = value;
  if (kind === 'right') return { kind };
  const problem = PROBLEMS.find((one) => one === name);
  if (kind !== 'struckOut' || problem === undefined || typeof detail !== 'string') return undefined;
  return { kind, problem, detail };
}

function numbersOf(times: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(times).flatMap(([variant, time]) =>
      typeof time === 'number' && time > 0 ? [[variant, time] as const] : [],
    ),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** FNV-1a, twice with other beginnings: no secret, only to tell codes apart. */
function hash(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}
