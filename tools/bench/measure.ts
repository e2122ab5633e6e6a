/**
 * Times a runner as the product drives one: a prompt in chunks that are waited for, then tokens one by one, drawn greedily on the
 * GPU, through the product's own pipeline: the next step is submitted before the one before it has been read. Counts what the
 * runtime counts. Knows no files and prints nothing.
 */
import type { Counters } from '../../src/worker/gpu/counters.ts';
import { GpuSampler, type SampleRequest } from '../../src/worker/gpu/sampler.ts';
import { BLOCK_TOKENS } from '../../src/worker/model/kv-pool.ts';
import type { ModelRunner } from '../../src/worker/model/runner.ts';
import { resolveSamplingParams } from '../../src/worker/sampling/params.ts';
import type { Batch, BatchRow } from '../../src/worker/scheduler/batch.ts';
import { pacerFor, type ChunkPacer } from '../../src/worker/serving/chunk-pacer.ts';
import { StepPipeline, type StepResult } from '../../src/worker/serving/step-pipeline.ts';
import { blockId, tokenId, type TokenClass, type TokenId } from '../../src/worker/tokens.ts';
import { hash } from '../fixtures/random-blocks.ts';

export interface Workload {
  readonly numPrompt: number;
  readonly numGenerate: number;
  readonly kvFill: number;
  /** Steps that may be unread when the next one is submitted; 0 waits for each. */
  readonly lateSteps: number;
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
  /** Of the last chunk. */
  readonly chunkRows: number;
  /** Of the last chunk, as the pacer estimates it; undefined where nothing is computed. */
  readonly longestDispatchMs: number | undefined;
  /** [numGenerate] From the result before to the token's own, the first from when its step was begun. */
  readonly decodeMs: readonly number[];
  readonly prefill: CounterValues;
  readonly decode: CounterValues;
}

interface Step {
  readonly batch: Batch;
}

export class Bench {
  readonly #runner: ModelRunner;
  readonly #pipeline: StepPipeline<Step>;
  readonly #pacer: ChunkPacer;
  readonly #workload: Workload;
  readonly #now: Clock;
  readonly #request: Omit<SampleRequest, 'position'>;

  private constructor(runner: ModelRunner, sampler: GpuSampler, workload: Workload, now: Clock, pacer: ChunkPacer) {
    this.#runner = runner;
    this.#pipeline = new StepPipeline(runner, sampler, now);
    this.#pacer = pacer;
    this.#workload = workload;
    this.#now = now;
    const { vocabSize } = runner.plan;
    this.#request = { params: resolveSamplingParams({ temperature: 0 }, { vocabSize, chooseSeed: () => 1 }), slot: 0 };
  }

  /** @param pacer Sizes the chunks of prompts; default: the product's. */
  static async create(
    runner: ModelRunner,
    workload: Workload,
    now: Clock = () => performance.now(),
    pacer: ChunkPacer = pacerFor(runner),
  ): Promise<Bench> {
    const { plan, gpu, scratch } = runner;
    const sampler = await GpuSampler.create(gpu, plan.vocabSize, plan.sizes, scratch.logits);
    return new Bench(runner, sampler, workload, now, pacer);
  }

  async repeat(): Promise<Repetition> {
    const started = this.#now();
    const before = { ...this.#runner.gpu.counters };
    const { first, chunkRows } = await this.#prefill();
    const prefillMs = this.#now() - started;
    const { longestDispatchMs } = this.#pacer;
    const between = { ...this.#runner.gpu.counters };
    const decodeMs = await this.#decode(first);
    this.#pipeline.rest();
    return {
      prefillMs,
      chunkRows,
      longestDispatchMs,
      decodeMs,
      prefill: difference(between, before),
      decode: difference({ ...this.#runner.gpu.counters }, between),
    };
  }

  /** @returns the first token, and the rows of the last chunk */
  async #prefill(): Promise<{ readonly first: TokenId; readonly chunkRows: number }> {
    const { numPrompt, kvFill, computes } = this.#workload;
    const { vocabSize, sizes } = this.#runner.plan;
    let first: TokenId | undefined;
    let chunkRows = 0;
    for (let done = 0; done < numPrompt;) {
      const count = Math.min(computes ? this.#pacer.rows : sizes.maxRows, numPrompt - done);
      const position = kvFill + done;
      chunkRows = count;
      const tokens = Array.from({ length: count }, (_, i) => tokenId(hash(position + i, 3) % vocabSize));
      done += count;
      this.#submit(batchOf(position, tokens, 'prompt', done === numPrompt));
      const result = await this.#pipeline.read();
      if (computes && result.work !== undefined) this.#pacer.observe(count, result.work, result.elapsedMs);
      first = this.#drawn(result);
    }
    return { first: first ?? tokenId(0), chunkRows };
  }

  /** Goes on from `first`. */
  async #decode(first: TokenId): Promise<readonly number[]> {
    const { numGenerate, lateSteps } = this.#workload;
    const start = this.#workload.kvFill + this.#workload.numPrompt;
    const decodeMs: number[] = [];
    let known = first;
    const read = async () => {
      const result = await this.#pipeline.read();
      decodeMs.push(result.elapsedMs);
      known = this.#drawn(result) ?? known;
    };
    for (let i = 0; i < numGenerate; i++) {
      // The step before this one may not have been read: its token is known to the GPU alone.
      const token = this.#pipeline.numUnread > 0 ? { logitRow: 0 } : known;
      this.#submit(batchOf(start + i, [token], 'generated', true));
      while (this.#pipeline.numUnread > lateSteps) await read();
    }
    while (this.#pipeline.numUnread > 0) await read();
    return decodeMs;
  }

  #submit(batch: Batch): void {
    const last = batch.rows.at(-1);
    const requests = last?.wantLogits === true ? [{ ...this.#request, position: last.position + 1 }] : [];
    this.#pipeline.submit({ batch }, requests);
  }

  /** Undefined where no row wanted logits, and where nothing is computed. @throws Error when no token came back */
  #drawn({ step, drawn: [token] }: StepResult<Step>): TokenId | undefined {
    const wanted = step.batch.rows.at(-1)?.wantLogits === true;
    if (!wanted || !this.#workload.computes) return undefined;
    if (token === undefined || token.id >= this.#runner.plan.vocabSize) throw new Error('no token came back');
    return tokenId(token.id);
  }
}

/** Rows of one sequence from `position` on. */
export function batchOf(
  position: number,
  tokens: readonly BatchRow['token'][],
  tokenClass: TokenClass,
  wantLast: boolean,
): Batch {
  const length = position + tokens.length;
  return {
    sequences: [{ blockTable: Array.from({ length: Math.ceil(length / BLOCK_TOKENS) }, (_, i) => blockId(i)), length }],
    rows: tokens.map((token, i): BatchRow => ({
      sequence: 0,
      token,
      position: position + i,
      tokenClass,
      wantLogits: wantLast && i === tokens.length - 1,
    })),
    copies: [],
  };
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
