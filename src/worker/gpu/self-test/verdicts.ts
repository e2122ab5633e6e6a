/**
 * Verdicts on the kernels of one device: each kernel is checked once, one after the other, so that it is known which one
 * a lost device is owed to; what was found out is remembered. Knows nothing of families, variants or models.
 */
import type { RecordStore } from '../../../cache/record-store.ts';
import type { Kernel } from '../../../shaders/kernel.ts';
import { checkOf, type CheckedSubject } from '../../../shaders/vectors/check-of.ts';
import type { KernelProblem, StruckOutKernel } from '../../api.ts';
import { deviceLostError, LinnetError } from '../../errors.ts';
import type { Gpu } from '../gpu.ts';
import { kernelId, parseDeviceRecord, recordName, type DeviceRecord, type Verdict } from './device-record.ts';
import { runCheck } from './run-check.ts';
import { TimedOut, within, type Later } from './within.ts';

export interface VerdictsHost {
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  readonly later: Later;
  readonly records: RecordStore;
  /** The versions of page and browser: what another one found out is not taken over. */
  readonly platform: string;
}

/** Far beyond what is usual: on a CPU that stands in for a GPU kernels take seconds to compile. */
const LIMITS_MS = { software: { compile: 180_000, run: 120_000 }, hardware: { compile: 60_000, run: 10_000 } };

/** What a machine with other work, or one that slept, may cause too. */
const ACCIDENTS: readonly KernelProblem[] = ['timedOut', 'lostDevice'];

export class Verdicts {
  readonly #gpu: Gpu;
  readonly #host: VerdictsHost;
  readonly #name: string;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #timings = new Map<string, Record<string, number>>();
  #sinceMs: number;
  #remembered: Promise<void> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #lostReason: string | undefined;
  numTested = 0;
  numRemembered = 0;
  testingMs = 0;

  /** `gpu`: an owner apart. */
  constructor(gpu: Gpu, host: VerdictsHost) {
    this.#gpu = gpu;
    this.#host = host;
    this.#name = recordName(gpu, host.platform);
    this.#sinceMs = host.nowMs();
    void gpu.device.lost.then(({ reason }) => {
      this.#lostReason = reason;
    });
  }

  /** Reads what an earlier visit found out; to be awaited before anything else. */
  remember(): Promise<void> {
    this.#remembered ??= this.#read();
    return this.#remembered;
  }

  /** What is known of a kernel already. */
  known(kernel: Kernel): Verdict | undefined {
    return this.#verdicts.get(kernelId(kernel));
  }

  /** @throws DeviceLost, OutOfMemory: then nothing is known */
  of(subject: CheckedSubject): Promise<Verdict> {
    const next = this.#queue.then(() => this.known(subject.kernel) ?? this.#test(subject));
    this.#queue = next.catch(() => undefined);
    return next;
  }

  get struckOut(): readonly StruckOutKernel[] {
    return [...this.#verdicts].flatMap(([id, verdict]) =>
      verdict.kind === 'right'
        ? []
        : [{ kernel: id.slice(0, id.indexOf(' ')), problem: verdict.problem, detail: verdict.detail }],
    );
  }

  /** Forgets what may have been an accident, so that the next try is a fair one. */
  forgetAccidents(): void {
    for (const [id, verdict] of this.#verdicts) {
      const isAccident = verdict.kind === 'struckOut' && ACCIDENTS.includes(verdict.problem);
      if (isAccident) this.#verdicts.delete(id);
    }
  }

  /** Microseconds by variant. */
  timings(work: string): Readonly<Record<string, number>> {
    return this.#timings.get(work) ?? {};
  }

  setTiming(work: string, variant: string, microseconds: number): void {
    this.#timings.set(work, { ...this.timings(work), [variant]: microseconds });
  }

  /** A store that fails costs the next visit the same tests again, and nothing else. */
  async save(): Promise<void> {
    const record: DeviceRecord = {
      format: 1,
      sinceMs: this.#sinceMs,
      verdicts: Object.fromEntries(this.#verdicts),
      timings: Object.fromEntries(this.#timings),
    };
    await this.#host.records.writeRecord(this.#name, record).catch(() => undefined);
  }

  async #read(): Promise<void> {
    const value = await this.#host.records.readRecord(this.#name).catch(() => undefined);
    const record = parseDeviceRecord(value, this.#host.nowMs());
    if (record === undefined) return;
    this.#sinceMs = record.sinceMs;
    for (const [id, verdict] of Object.entries(record.verdicts)) this.#verdicts.set(id, verdict);
    for (const [work, times] of Object.entries(record.timings)) this.#timings.set(work, { ...times });
    this.numRemembered = this.#verdicts.size;
  }

  async #test(subject: CheckedSubject): Promise<Verdict> {
    const startMs = this.#host.nowMs();
    const verdict = await this.#judge(subject);
    this.#verdicts.set(kernelId(subject.kernel), verdict);
    this.numTested += 1;
    this.testingMs += this.#host.nowMs() - startMs;
    if (verdict.kind === 'struckOut' && verdict.problem === 'lostDevice') {
      // The next device must know before it tries the same.
      await this.save();
      throw deviceLostError(verdict.detail);
    }
    return verdict;
  }

  async #judge(subject: CheckedSubject): Promise<Verdict> {
    const limits = LIMITS_MS[this.#gpu.adapter.software ? 'software' : 'hardware'];
    const { later } = this.#host;
    try {
      const pipeline = await within(this.#gpu.pipeline(subject.kernel), limits.compile, later);
      const check = checkOf(subject);
      const outputs = await within(runCheck(this.#gpu, check, pipeline), limits.run, later);
      const problem = check.verify(outputs);
      return problem === undefined
        ? { kind: 'right' }
        : { kind: 'struckOut', problem: problem.kind, detail: problem.detail };
    } catch (error) {
      return this.#verdictOf(error);
    }
  }

  async #verdictOf(error: unknown): Promise<Verdict> {
    if (error instanceof TimedOut) return { kind: 'struckOut', problem: 'timedOut', detail: error.message };
    // The loss of a device is told a moment after what failed by it.
    await new Promise<void>((resolve) => {
      this.#host.later(resolve, this.#lostReason === undefined ? 50 : 0);
    });
    // One that the page itself gave up says nothing of the kernel.
    if (this.#lostReason === 'destroyed') throw deviceLostError('it was closed while its kernels were checked');
    if (this.#lostReason !== undefined) {
      return { kind: 'struckOut', problem: 'lostDevice', detail: 'the device was lost while this kernel ran' };
    }
    if (error instanceof LinnetError && error.name !== 'ShaderFailed') throw error;
    const { cause } = error instanceof LinnetError ? error : { cause: error };
    const detail = cause instanceof Error ? cause.message : String(cause);
    return { kind: 'struckOut', problem: 'doesNotCompile', detail };
  }
}
