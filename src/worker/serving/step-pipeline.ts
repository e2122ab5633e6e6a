/**
 * Steps on their way through the GPU: each is recorded and submitted at once, and what it drew is read in order, while later
 * ones run. Counts the steps that had to wait. Knows neither how steps are chosen nor what becomes of what they drew.
 */
import { LinnetError } from '../errors.ts';
import type { StepWork } from '../gpu/dispatch.ts';
import { RING_SIZE } from '../gpu/readback.ts';
import type { GpuSampler, SampleRequest } from '../gpu/sampler.ts';
import type { ModelRunner } from '../model/runner.ts';
import type { Batch } from '../scheduler/batch.ts';
import type { ScheduledStep } from '../scheduler/scheduled-step.ts';
import type { DrawnToken } from './generation.ts';
import { StepCounters } from './step-counters.ts';

/** One step is enough to keep a GPU busy whose steps take longer than reading a result; each more is one more to discard. */
export const MAX_LATE_STEPS = 1;

/** What the pipeline needs to know of a step. */
interface AnyStep {
  readonly batch: Batch;
}

export interface StepResult<Step extends AnyStep = ScheduledStep> {
  readonly step: Step;
  /** A token for each row that wanted logits, in their order. */
  readonly drawn: readonly DrawnToken[];
  /** From when the step could begin to when its result was there. */
  readonly elapsedMs: number;
  readonly numPrompt: number;
  /** Of steps with prompt rows. */
  readonly work: StepWork | undefined;
}

interface Submitted<Step extends AnyStep> {
  readonly step: Step;
  readonly startMs: number;
  readonly numPrompt: number;
  readonly work: StepWork | undefined;
  readonly drawn: Promise<readonly DrawnToken[]>;
  /** When the result was there; whoever reads it may come later. */
  endMs: number;
}

export class StepPipeline<Step extends AnyStep = ScheduledStep> {
  readonly counters: StepCounters;
  readonly #runner: ModelRunner;
  readonly #sampler: GpuSampler;
  readonly #nowMs: () => number;
  readonly #submitted: Submitted<Step>[] = []; // the oldest first
  #lastEndMs = 0;
  #hasWaited = false;

  constructor(runner: ModelRunner, sampler: GpuSampler, nowMs: () => number) {
    this.counters = new StepCounters(runner.gpu.counters);
    this.#runner = runner;
    this.#sampler = sampler;
    this.#nowMs = nowMs;
  }

  /** Steps that are not read yet. */
  get numUnread(): number {
    return this.#submitted.length;
  }

  /** The one that was submitted last, if it is not read yet. */
  get newest(): Step | undefined {
    return this.#submitted.at(-1)?.step;
  }

  /** One pass, one submit. @param requests One for each row that wants logits. @throws Internal when too many are unread. */
  submit(step: Step, requests: readonly SampleRequest[]): void {
    if (this.numUnread >= RING_SIZE) throw new LinnetError('Internal', 'Read a step before the next one.');
    const { device, counters } = this.#runner.gpu;
    this.counters.begin();
    const startMs = this.#nowMs();
    const encoder = device.createCommandEncoder({ label: 'step' });
    const inPass = (pass: GPUComputePassEncoder) => {
      if (requests.length > 0) this.#sampler.record(pass, requests);
    };
    const shape = this.#runner.record(step.batch, encoder, inPass, this.#sampler.drawnIds);
    const read = requests.length > 0 ? this.#sampler.recordReadback(encoder, requests.length) : undefined;
    this.#runner.submit(encoder);
    this.counters.end(shape.numPrompt === 0);
    if (this.#hasWaited) counters.numWaits += 1;
    this.#hasWaited = false;
    const drawn = read === undefined ? device.queue.onSubmittedWorkDone().then(() => []) : read();
    const { numPrompt } = shape;
    const work = numPrompt > 0 ? this.#runner.workOf(shape) : undefined;
    const submitted = { step, startMs, numPrompt, work, drawn, endMs: startMs };
    this.#submitted.push(submitted);
    drawn.then(
      () => {
        submitted.endMs = this.#nowMs();
      },
      // A failure is reported by the one who reads; nobody reads what comes behind it.
      () => undefined,
    );
  }

  /** Waits for the oldest step that is not read yet. @throws what the device says; Internal when there is none. */
  async read(): Promise<StepResult<Step>> {
    const oldest = this.#submitted[0];
    if (oldest === undefined) throw new LinnetError('Internal', 'There is no step to read.');
    const drawn = await oldest.drawn;
    this.#submitted.shift();
    // Nothing is recorded before the newest result is there: the next step waits for the one right before it.
    this.#hasWaited = this.numUnread === 0;
    const { step, numPrompt, work, startMs, endMs } = oldest;
    const beginMs = Math.max(startMs, this.#lastEndMs);
    this.#lastEndMs = endMs;
    return { step, drawn, elapsedMs: endMs - beginMs, numPrompt, work };
  }

  /** Nothing was left to do: the next step does not count as one that waited. */
  rest(): void {
    this.#hasWaited = false;
  }

  /** Waits for all steps, whose results nobody wants, well or not. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#submitted.splice(0).map(({ drawn }) => drawn));
  }
}

/** A token for each sequence, drawn without guesses: what comes behind it can be computed before it is known. */
export function isPlainDecode({ batch: { rows }, sequences }: ScheduledStep): boolean {
  return rows.length === sequences.length && rows.every((row) => row.wantLogits && row.tokenClass === 'generated');
}
