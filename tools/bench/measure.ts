/**
 * Times a runner: a prompt in chunks, then tokens one by one, each drawn greedily on the GPU and read back before the
 * next, as an engine without look-ahead does. Counts what the runtime counts. Knows no files and prints nothing.
 */
import { GpuSampler, type SampleRequest } from '../../src/worker/gpu/sampler.ts';
import type { Counters } from '../../src/worker/gpu/counters.ts';
import { BLOCK_TOKENS } from '../../src/worker/model/kv-pool.ts';
import type { ModelRunner } from '../../src/worker/model/runner.ts';
import { resolveSamplingParams } from '../../src/worker/sampling/params.ts';
import type { Batch, BatchRow } from '../../src/worker/scheduler/batch.ts';
import { blockId, tokenId, type TokenClass } from '../../src/worker/tokens.ts';
import { hash } from '../fixtures/random-blocks.ts';

export interface Workload {
  readonly numPrompt: number;
  readonly numGenerate: number;
  readonly kvFill: number;
  /** False on the null adapter: nothing is computed, and only the counters mean something. */
  readonly computes: boolean;
}

/** Milliseconds; the machine's clock unless another is given. */
export type Clock = () => number;

/** Counters of one phase, whole. */
export type CounterValues = Readonly<Record<keyof Counters, number>>;

export interface Repetition {
  /** From the prompt's first step to the first token's id in hand. */
  readonly prefillMs: number;
  /** [numGenerate] One step each. */
  readonly decodeMs: readonly number[];
  readonly prefill: CounterValues;
  readonly decode: CounterValues;
}

export class Bench {
  readonly #runner: ModelRunner;
  readonly #sampler: GpuSampler;
  readonly #workload: Workload;
  readonly #now: Clock;
  readonly #batches: { readonly prefill: readonly Batch[]; readonly decode: readonly Batch[] };
  readonly #request: Omit<SampleRequest, 'position'>;

  private constructor(runner: ModelRunner, sampler: GpuSampler, workload: Workload, now: Clock) {
    this.#runner = runner;
    this.#sampler = sampler;
    this.#workload = workload;
    this.#now = now;
    const { vocabSize } = runner.plan;
    this.#request = { params: resolveSamplingParams({ temperature: 0 }, { vocabSize, chooseSeed: () => 1 }), slot: 0 };
    this.#batches = this.#makeBatches();
  }

  static async create(runner: ModelRunner, workload: Workload, now: Clock = () => performance.now()): Promise<Bench> {
    const { plan, gpu, scratch } = runner;
    return new Bench(runner, await GpuSampler.create(gpu, plan.vocabSize, plan.sizes, scratch.logits), workload, now);
  }

  async repeat(): Promise<Repetition> {
    const started = this.#now();
    const before = { ...this.#runner.gpu.counters };
    for (const batch of this.#batches.prefill) await this.#step(batch);
    const prefillMs = this.#now() - started;
    const between = { ...this.#runner.gpu.counters };
    const decodeMs: number[] = [];
    for (const batch of this.#batches.decode) {
      const stepStarted = this.#now();
      await this.#step(batch);
      decodeMs.push(this.#now() - stepStarted);
    }
    return {
      prefillMs,
      decodeMs,
      prefill: difference(between, before),
      decode: difference({ ...this.#runner.gpu.counters }, between),
    };
  }

  async #step(batch: Batch): Promise<void> {
    const { device } = this.#runner.gpu;
    const encoder = device.createCommandEncoder({ label: 'bench' });
    const last = batch.rows.at(-1);
    if (last?.wantLogits !== true) {
      this.#runner.record(batch, encoder);
      this.#runner.submit(encoder);
      return;
    }
    this.#runner.record(batch, encoder, (pass) => {
      this.#sampler.record(pass, [{ ...this.#request, position: last.position + 1 }]);
    });
    const read = this.#sampler.recordReadback(encoder, 1);
    this.#runner.submit(encoder);
    const [drawn] = await read();
    const isToken = drawn !== undefined && drawn.id < this.#runner.plan.vocabSize;
    if (this.#workload.computes && !isToken) throw new Error('no token came back');
  }

  #makeBatches() {
    const { numPrompt, numGenerate, kvFill } = this.#workload;
    const { maxRows } = this.#runner.plan.sizes;
    const prefill: Batch[] = [];
    for (let done = 0; done < numPrompt; done += maxRows) {
      const count = Math.min(maxRows, numPrompt - done);
      prefill.push(this.#batch(kvFill + done, count, 'prompt', done + count === numPrompt));
    }
    const decode = Array.from({ length: numGenerate }, (_, i) =>
      this.#batch(kvFill + numPrompt + i, 1, 'generated', true),
    );
    return { prefill, decode };
  }

  #batch(position: number, count: number, tokenClass: TokenClass, wantLast: boolean): Batch {
    const length = position + count;
    const { vocabSize } = this.#runner.plan;
    return {
      sequences: [
        { blockTable: Array.from({ length: Math.ceil(length / BLOCK_TOKENS) }, (_, i) => blockId(i)), length },
      ],
      rows: Array.from({ length: count }, (_, i): BatchRow => ({
        sequence: 0,
        token: tokenId(hash(position + i, 3) % vocabSize),
        position: position + i,
        tokenClass,
        wantLogits: wantLast && i === count - 1,
      })),
      copies: [],
    };
  }
}

function difference(after: CounterValues, before: CounterValues): CounterValues {
  return {
    numSteps: after.numSteps - before.numSteps,
    numDispatches: after.numDispatches - before.numDispatches,
    numSubmits: after.numSubmits - before.numSubmits,
    numPromptRows: after.numPromptRows - before.numPromptRows,
    numGeneratedRows: after.numGeneratedRows - before.numGeneratedRows,
    numWaits: after.numWaits - before.numWaits,
    weightBytesRead: after.weightBytesRead - before.weightBytesRead,
    kvBytesRead: after.kvBytesRead - before.kvBytesRead,
    numBuffersCreated: after.numBuffersCreated - before.numBuffersCreated,
    numBindGroupsCreated: after.numBindGroupsCreated - before.numBindGroupsCreated,
    bufferBytes: after.bufferBytes - before.bufferBytes,
    peakBufferBytes: after.peakBufferBytes,
  };
}
