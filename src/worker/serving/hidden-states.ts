/**
 * Vectors of texts by a model that generates text: the hidden states behind the last norm, of all tokens or of one, pooled in f64. A
 * text goes through the model like a prompt, chunk by chunk, each in a turn between two steps; what is generated goes on in between, and
 * neither the prefix cache nor an answer knows of it. Knows nothing of how steps are scheduled.
 */
import type { EmbeddingResult, EmbedRequest } from '../api.ts';
import { LinnetError } from '../errors.ts';
import { recordPlan, type Dispatch } from '../gpu/dispatch.ts';
import { BUFFER_USAGE, MAP_MODE_READ } from '../gpu/flags.ts';
import type { ModelRunner } from '../model/runner.ts';
import type { Aside } from '../scheduler/aside.ts';
import type { Batch } from '../scheduler/batch.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Pooling } from '../../shaders/pool/pool.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { TokenId } from '../tokens.ts';
import type { ChunkPacer } from './chunk-pacer.ts';
import { embeddingResult, tokensOfTexts } from './embedding-texts.ts';
import { Mutex } from '../mutex.ts';

export interface HiddenStatesParts {
  readonly runner: ModelRunner;
  readonly tokenizer: Tokenizer;
  readonly scheduler: Scheduler;
  readonly pacer: ChunkPacer;
  /** Runs a task while nothing else uses the scheduler and the caches. */
  readonly alone: <T>(task: () => Promise<T>) => Promise<T>;
}

/** A text on its way. */
interface Progress {
  readonly tokens: readonly TokenId[];
  readonly pooling: Pooling;
  aside: Aside | undefined;
  sum: Float64Array; // [hiddenSize] of the rows so far that count
}

export class HiddenStates {
  readonly #parts: HiddenStatesParts;
  readonly #requests = new Mutex();
  readonly #closing = new AbortController();
  #norm: readonly Dispatch[] | undefined;
  #staging: GPUBuffer | undefined;

  constructor(parts: HiddenStatesParts) {
    this.#parts = parts;
  }

  /**
   * One request after the other. @throws InvalidRequest, ContextFull naming the text; the signal's reason; DeviceLost, ModelNotLoaded
   * when the session ends
   */
  async embed(
    request: Pick<EmbedRequest, 'inputs' | 'normalize' | 'pooling'>,
    signal: AbortSignal,
  ): Promise<EmbeddingResult> {
    const { runner, tokenizer, scheduler } = this.#parts;
    const { vocabSize } = runner.plan;
    const chosen = poolingOf(request.pooling, runner.plan.pooling);
    const texts = tokensOfTexts(request, { tokenizer, vocabSize, maxTokens: scheduler.contextLength });
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const vectors = await this.#requests.run(async () => {
      const made: Float32Array[] = [];
      for (const tokens of texts) made.push(await this.#vectorOf(tokens, chosen, either));
      return made;
    });
    return embeddingResult(texts, vectors, request);
  }

  /** Rejects what is running; resolves when the chunk under way is over. */
  async close(error: LinnetError): Promise<void> {
    this.#closing.abort(error);
    await this.#requests.run(() => Promise.resolve());
  }

  async #vectorOf(tokens: readonly TokenId[], pooling: Pooling, signal: AbortSignal): Promise<Float32Array> {
    const { runner, scheduler, alone } = this.#parts;
    const { hiddenSize, logitScale } = runner.plan.config;
    const progress: Progress = { tokens, pooling, aside: undefined, sum: new Float64Array(hiddenSize) };
    try {
      while (progress.aside?.isHeld !== true || progress.aside.numComputed < tokens.length) {
        signal.throwIfAborted();
        const hasRoom = await alone(() => this.#advance(progress, signal));
        // Else it waits for the next turn, between the steps of those who have the room.
        if (!hasRoom && scheduler.sequences.length === 0) {
          throw new LinnetError('ContextFull', `The cache has no room for ${String(tokens.length)} tokens.`);
        }
      }
    } finally {
      progress.aside?.end();
    }
    const divisor = logitScale * (pooling === 'mean' ? tokens.length : 1);
    return Float32Array.from(progress.sum, (value) => value / divisor);
  }

  /** Computes the next chunk, or the first where there was none or it was taken back; false where there is no room. */
  async #advance(progress: Progress, signal: AbortSignal): Promise<boolean> {
    const { scheduler, pacer } = this.#parts;
    signal.throwIfAborted();
    const { tokens } = progress;
    if (progress.aside?.isHeld !== true) {
      progress.aside = scheduler.beginAside(tokens);
      progress.sum.fill(0);
    }
    const { aside } = progress;
    if (aside === undefined) return false;
    const start = aside.numComputed;
    const numRows = Math.min(pacer.rows, tokens.length - start);
    const batch = aside.next(numRows);
    if (batch === undefined) return !aside.isHeld;
    const [first, end] = rowsThatCount(progress, start, numRows);
    await this.#run(batch, first, end - first, progress.sum);
    return true;
  }

  /** Adds the hidden states of `count` rows of a batch to `sum`. */
  async #run(batch: Batch, first: number, count: number, sum: Float64Array): Promise<void> {
    const { runner } = this.#parts;
    const { gpu, plan, scratch } = runner;
    const rowBytes = plan.sizes.padded.hidden * 4;
    // A turn at a time comes here, and a failure is not kept.
    const norm = (this.#norm ??= await runner.outputNormOfAllRows());
    const size = plan.sizes.maxRows * rowBytes;
    this.#staging ??= gpu.createBuffer('hiddenStates', size, BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST);
    const staging = this.#staging;
    const encoder = gpu.device.createCommandEncoder({ label: 'hidden states' });
    runner.record(batch, encoder, (pass, shape) => {
      recordPlan(pass, norm, shape, gpu.counters);
    });
    if (count > 0) encoder.copyBufferToBuffer(scratch.normed.buffer, first * rowBytes, staging, 0, count * rowBytes);
    runner.submit(encoder);
    if (count === 0) {
      await gpu.device.queue.onSubmittedWorkDone();
      return;
    }
    await staging.mapAsync(MAP_MODE_READ, 0, count * rowBytes);
    const rows = new Float32Array(staging.getMappedRange(0, count * rowBytes));
    for (let row = 0; row < count; row++) {
      const at = (row * rowBytes) / 4;
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (rows[at + i] ?? 0);
    }
    staging.unmap();
  }
}

/** Of the rows of a chunk that begins at token `start`: the first that counts, and one behind the last. */
function rowsThatCount({ tokens, pooling }: Progress, start: number, numRows: number): readonly [number, number] {
  switch (pooling) {
    case 'mean':
      return [0, numRows];
    case 'first':
      return [0, start === 0 ? 1 : 0];
    case 'last':
      return [start + numRows === tokens.length ? numRows - 1 : numRows, numRows];
  }
}

/** @throws InvalidRequest */
function poolingOf(asked: EmbedRequest['pooling'], ofFile: Pooling | undefined): Pooling {
  if (asked === undefined) return ofFile ?? 'mean';
  if (['mean', 'last'].includes(asked)) return asked;
  throw new LinnetError('InvalidRequest', `pooling is ${asked}; it must be mean or last.`);
}
