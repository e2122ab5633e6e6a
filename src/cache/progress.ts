/**
 * Turns bytes that arrive into a rate and a time left, smoothed over five seconds and reported a few times a second.
 * It knows no network; its clock is handed in.
 */

export interface CacheProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Bytes that came over the network since the model was opened, what was fetched twice included. */
  readonly networkBytes: number;
  /** Undefined until there is something to measure. */
  readonly bytesPerSecond: number | undefined;
  readonly remainingMs: number | undefined;
}

const WINDOW_MS = 5000;
const REPORT_EVERY_MS = 100;

interface Sample {
  readonly atMs: number;
  readonly networkBytes: number;
}

export class ProgressMeter {
  readonly #nowMs: () => number;
  readonly #report: (progress: CacheProgress) => void;
  readonly #totalBytes: number;
  /** Oldest first; the first one is the last before the window began. */
  readonly #samples: Sample[] = [];
  #doneBytes: number;
  #networkBytes = 0;
  #reportedMs = -Infinity;

  constructor(nowMs: () => number, totalBytes: number, doneBytes: number, report: (progress: CacheProgress) => void) {
    this.#nowMs = nowMs;
    this.#totalBytes = totalBytes;
    this.#doneBytes = doneBytes;
    this.#report = report;
    this.#samples.push({ atMs: nowMs(), networkBytes: 0 });
  }

  get doneBytes(): number {
    return this.#doneBytes;
  }

  get networkBytes(): number {
    return this.#networkBytes;
  }

  /** `newBytes` of them had never been there before. */
  add(networkBytes: number, newBytes: number): void {
    this.#networkBytes += networkBytes;
    this.#doneBytes += newBytes;
    const nowMs = this.#nowMs();
    if (nowMs - this.#reportedMs < REPORT_EVERY_MS) return;
    this.#samples.push({ atMs: nowMs, networkBytes: this.#networkBytes });
    while ((this.#samples[1]?.atMs ?? nowMs) <= nowMs - WINDOW_MS) this.#samples.shift();
    this.flush();
  }

  /** Reports now, whenever the last report was. */
  flush(): void {
    this.#reportedMs = this.#nowMs();
    const bytesPerSecond = this.#rate(this.#reportedMs);
    this.#report({
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      networkBytes: this.#networkBytes,
      bytesPerSecond,
      remainingMs: this.#remainingMs(bytesPerSecond),
    });
  }

  #rate(nowMs: number): number | undefined {
    const oldest = this.#samples[0];
    if (oldest === undefined || nowMs <= oldest.atMs) return undefined;
    return ((this.#networkBytes - oldest.networkBytes) * 1000) / (nowMs - oldest.atMs);
  }

  #remainingMs(bytesPerSecond: number | undefined): number | undefined {
    if (this.#doneBytes >= this.#totalBytes) return 0;
    if (bytesPerSecond === undefined || bytesPerSecond === 0) return undefined;
    return ((this.#totalBytes - this.#doneBytes) * 1000) / bytesPerSecond;
  }
}
