/**
 * A loaded model at work: schedule, run, sample, emit. Holds the loop, one step at a time, and the way each request goes
 * through it. Knows nothing of where models come from, nor of messages and ports.
 */
import type { FinishReason, GenerateRequest, GenerationEvent, GenerationResult } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { GpuSampler, SampleRequest } from '../gpu/sampler.ts';
import { BLOCK_TOKENS } from '../model/kv-pool.ts';
import type { ModelRunner } from '../model/runner.ts';
import { needsCounts, resolveSamplingParams } from '../sampling/params.ts';
import { BlockManager } from '../scheduler/block-manager.ts';
import { ConversationLog } from '../scheduler/conversation-log.ts';
import { PrefixTree } from '../scheduler/prefix-tree.ts';
import type { ScheduledStep } from '../scheduler/scheduled-step.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { RenderedIds } from '../text/conversation.ts';
import { tokenId, type SequenceId, type TokenClass } from '../tokens.ts';
import { Generation, type DrawnToken } from './generation.ts';
import { makePrompt } from './prompt.ts';
import { StepCounters } from './step-counters.ts';
import type { TextModel } from './text-model.ts';
import { Timer } from './timer.ts';

export interface SessionHost {
  readonly nowMs: () => number;
  readonly randomU32: () => number;
}

interface Running {
  readonly generation: Generation;
  readonly timer: Timer;
  readonly resolve: (result: GenerationResult) => void;
  readonly reject: (error: unknown) => void;
  readonly conversation: string | undefined;
  readonly slot: number | undefined;
  sequence: SequenceId;
  numCachedTokens: number;
  numDroppedTurns: number;
  aborted: boolean;
}

/** Rendered texts kept for conversations; the cache itself lives in the prefix tree. */
const MAX_CONVERSATIONS = 64;
/** Room a reply should have at least, when oldest turns may be left out for it. */
const REPLY_RESERVE = 128;

export class ModelSession {
  readonly runner: ModelRunner;
  readonly text: TextModel;
  readonly steps: StepCounters;
  readonly #sampler: GpuSampler;
  readonly #scheduler: Scheduler;
  readonly #log: ConversationLog;
  readonly #host: SessionHost;
  readonly #running = new Map<SequenceId, Running>();
  readonly #rendered = new Map<string, RenderedIds>(); // conversation -> what its cache stands for
  #loop: Promise<void> | undefined;
  #closed: LinnetError | undefined;

  constructor(runner: ModelRunner, text: TextModel, sampler: GpuSampler, host: SessionHost) {
    const { sizes } = runner.plan;
    const blocks = new BlockManager(sizes.kv.numBlocks, BLOCK_TOKENS);
    this.runner = runner;
    this.text = text;
    this.steps = new StepCounters(runner.gpu.counters);
    this.#sampler = sampler;
    this.#host = host;
    this.#log = new ConversationLog(MAX_CONVERSATIONS, sizes.contextLength);
    this.#scheduler = new Scheduler(blocks, new PrefixTree(blocks), this.#log, {
      contextLength: sizes.contextLength,
      maxRowsPerStep: sizes.maxRows,
      prefillChunkTokens: sizes.maxRows,
      maxGeneratedRows: sizes.maxGeneratedRows,
      maxLogitRows: Math.min(sizes.maxLogitRows, sizes.maxGeneratedRows),
    });
  }

  get contextLength(): number {
    return this.#scheduler.contextLength;
  }

  get numCachedTokens(): number {
    return this.#scheduler.counters.numCachedTokens;
  }

  /** @throws InvalidRequest, TemplateFailed, ContextFull; DeviceLost, ModelNotLoaded when the session ends meanwhile. */
  async generate(request: GenerateRequest, emit: (event: GenerationEvent) => void): Promise<GenerationResult> {
    this.#throwIfClosed();
    const timer = new Timer(this.#host.nowMs);
    const params = resolveSamplingParams(request.sampling ?? {}, {
      vocabSize: this.runner.plan.vocabSize,
      chooseSeed: this.#host.randomU32,
    });
    if (request.maxTokens !== undefined && !(Number.isInteger(request.maxTokens) && request.maxTokens > 0)) {
      throw new LinnetError(
        'InvalidRequest',
        `maxTokens is ${String(request.maxTokens)}; it must be a whole number from 1.`,
      );
    }
    const conversation = request.conversation === undefined ? undefined : `${request.client}/${request.conversation}`;
    const prompt = makePrompt(request, this.text, {
      maxTokens: this.#promptRoom(request),
      previous: conversation === undefined ? undefined : this.#rendered.get(conversation),
      now: new Date(this.#host.nowMs()),
    });
    const slot = needsCounts(params) ? this.#sampler.acquireSlot() : undefined;
    if (needsCounts(params) && slot === undefined) {
      throw new LinnetError(
        'InvalidRequest',
        'Too many generations with penalties at once; wait for one of them to end.',
      );
    }
    try {
      await this.#sampler.prepare(params);
      this.#throwIfClosed();
      if (slot !== undefined) this.#sampler.countTokens(slot, prompt.ids, []);
      const generation = new Generation(request, params, prompt, this.text, emit);
      if (prompt.droppedMessages.length > 0) emit({ kind: 'turnsDropped', messages: prompt.droppedMessages });
      const sequence = this.#scheduler.add({
        tokens: prompt.ids,
        ...(conversation === undefined ? {} : { conversation }),
      });
      return await new Promise<GenerationResult>((resolve, reject) => {
        const numDroppedTurns = prompt.droppedMessages.length;
        this.#running.set(sequence, {
          generation,
          timer,
          resolve,
          reject,
          conversation,
          slot,
          sequence,
          numCachedTokens: 0,
          numDroppedTurns,
          aborted: false,
        });
        this.#loop ??= this.#run();
      });
    } finally {
      if (slot !== undefined) this.#sampler.releaseSlot(slot);
    }
  }

  /** The generation ends at the next step, with what it has. */
  abort(client: string, request: string): boolean {
    const found = [...this.#running.values()].find(
      ({ generation: { request: r } }) => r.client === client && r.request === request,
    );
    if (found !== undefined) found.aborted = true;
    return found !== undefined;
  }

  forgetConversation(client: string, conversation: string): void {
    this.#rendered.delete(`${client}/${conversation}`);
    this.#log.forget(`${client}/${conversation}`);
  }

  /** Rejects what is running; resolves when the step under way is over. */
  async close(error: LinnetError): Promise<void> {
    this.#closed = error;
    this.#rejectAll(error);
    await this.#loop;
  }

  /** Schedule, run, sample, emit, until there is nothing to do. */
  async #run(): Promise<void> {
    try {
      while (this.#running.size > 0 && this.#closed === undefined) {
        this.#endAborted();
        const step = this.#scheduler.step();
        this.#noteStarted(step);
        if (step.batch.rows.length > 0) {
          const drawn = await this.#execute(step);
          this.#scheduler.commit(
            step,
            drawn.map(({ id }) => tokenId(id)),
          );
          this.#noteProgress(step);
          step.logitSequences.forEach((id, i) => this.#accept(id, drawn[i]));
        }
        this.#makeRoom(step);
      }
    } catch (error) {
      // What the step wrote is not known: nothing of the cache can be trusted.
      for (const { id } of this.#scheduler.sequences) this.#scheduler.abort(id);
      this.#scheduler.loseCache();
      this.#rejectAll(error);
    } finally {
      this.#loop = undefined;
    }
  }

  async #execute(step: ScheduledStep): Promise<readonly DrawnToken[]> {
    const { device } = this.runner.gpu;
    const requests = step.logitSequences.map((id) => this.#sampleRequest(id));
    this.steps.begin();
    const encoder = device.createCommandEncoder({ label: 'step' });
    const shape = this.runner.record(step.batch, encoder, (pass) => {
      if (requests.length > 0) this.#sampler.record(pass, requests);
    });
    const read = requests.length > 0 ? this.#sampler.recordReadback(encoder, requests.length) : undefined;
    this.runner.submit(encoder);
    this.steps.end(shape.numPrompt === 0);
    // A chunk without logits is waited for too, so that no more than one is queued and an abort is heard.
    if (read === undefined) await device.queue.onSubmittedWorkDone();
    return read === undefined ? [] : read();
  }

  #sampleRequest(id: SequenceId): SampleRequest {
    const running = this.#running.get(id);
    if (running === undefined) throw new LinnetError('Internal', 'A sequence without a request.');
    return { params: running.generation.params, position: this.#scheduler.get(id).numTokens, slot: running.slot ?? 0 };
  }

  #noteStarted(step: ScheduledStep): void {
    for (const { id, numCachedTokens } of step.started) {
      const running = this.#running.get(id);
      if (running === undefined || running.generation.generated.length > 0) continue;
      running.numCachedTokens = numCachedTokens;
      const { prompt, params } = running.generation;
      running.generation.emit({
        kind: 'started',
        numPromptTokens: prompt.ids.length,
        numCachedTokens,
        seed: params.seed,
      });
    }
  }

  #noteProgress(step: ScheduledStep): void {
    for (const { id } of step.sequences) {
      const running = this.#running.get(id);
      if (running === undefined || running.generation.generated.length > 0) continue;
      const { numComputed } = this.#scheduler.get(id);
      running.generation.emit({
        kind: 'prefill',
        numDone: numComputed,
        numTotal: running.generation.prompt.ids.length,
      });
    }
  }

  #accept(id: SequenceId, drawn: DrawnToken | undefined): void {
    const running = this.#running.get(id);
    if (running === undefined || drawn === undefined) return;
    running.timer.token();
    let reason: FinishReason | undefined;
    try {
      reason = running.generation.accept(drawn);
    } catch (error) {
      this.#scheduler.abort(id);
      this.#running.delete(id);
      running.reject(error);
      return;
    }
    if (reason !== undefined) this.#finish(running, reason);
  }

  #endAborted(): void {
    for (const running of [...this.#running.values()]) if (running.aborted) this.#finish(running, 'aborted');
  }

  /** Sequences that reached the end of the context: leave out turns and go on, or stop. */
  #makeRoom(step: ScheduledStep): void {
    for (const id of step.contextFull) {
      const running = this.#running.get(id);
      if (running === undefined) continue;
      if (!this.#dropTurns(running)) this.#finish(running, 'length');
    }
  }

  /** Starts the sequence again without the oldest turns, each generated token in its class. False: there is no room. */
  #dropTurns(running: Running): boolean {
    const { generation } = running;
    const { request, generated } = generation;
    if (request.overflow !== 'dropOldestTurns' || request.input.kind !== 'chat') return false;
    const maxTokens =
      this.contextLength - generated.length - Math.min(REPLY_RESERVE, Math.floor(this.contextLength / 4));
    try {
      const previous =
        generation.prompt.text === undefined ? undefined : { text: generation.prompt.text, ids: generation.prompt.ids };
      const prompt = makePrompt(request, this.text, { maxTokens, previous, now: new Date(this.#host.nowMs()) });
      if (prompt.ids.length >= generation.prompt.ids.length) return false;
      this.#scheduler.abort(running.sequence);
      this.#running.delete(running.sequence);
      const classes: readonly TokenClass[] = [
        ...prompt.ids.map(() => 'prompt' as const),
        ...generated.map(() => 'generated' as const),
      ];
      running.sequence = this.#scheduler.add({ tokens: [...prompt.ids, ...generated], classes });
      generation.prompt = prompt;
      this.#running.set(running.sequence, running);
      generation.emit({ kind: 'turnsDropped', messages: prompt.droppedMessages });
      return true;
    } catch (error) {
      if (error instanceof LinnetError && error.name === 'ContextFull') return false;
      throw error;
    }
  }

  #finish(running: Running, reason: FinishReason): void {
    const { generation, timer, conversation, sequence } = running;
    const { numTokens } = this.#scheduler.get(sequence);
    this.#scheduler.finish(sequence, reason);
    this.#running.delete(sequence);
    generation.finish();
    const { rendered } = generation;
    if (conversation !== undefined && rendered !== undefined) this.#remember(conversation, rendered);
    running.resolve({
      request: generation.request.request,
      text: generation.text,
      finishReason: reason,
      numPromptTokens: generation.prompt.ids.length,
      numCachedTokens: running.numCachedTokens,
      numGeneratedTokens: generation.generated.length,
      contextUsed: Math.min(numTokens, this.contextLength),
      contextLength: this.contextLength,
      timings: timer.report(generation.prompt.ids.length - running.numCachedTokens, generation.generated.length),
    });
  }

  #remember(conversation: string, rendered: RenderedIds): void {
    this.#rendered.delete(conversation);
    this.#rendered.set(conversation, rendered);
    for (const oldest of this.#rendered.keys()) {
      if (this.#rendered.size <= MAX_CONVERSATIONS) break;
      this.#rendered.delete(oldest);
    }
  }

  /** Tokens a prompt may have: the context, less room for a reply where turns can be left out to get it. */
  #promptRoom(request: GenerateRequest): number {
    if (request.overflow !== 'dropOldestTurns') return this.contextLength;
    return (
      this.contextLength -
      Math.min(REPLY_RESERVE, request.maxTokens ?? REPLY_RESERVE, Math.floor(this.contextLength / 4))
    );
  }

  #rejectAll(error: unknown): void {
    for (const [id, running] of [...this.#running]) {
      this.#running.delete(id);
      running.reject(error);
    }
  }

  #throwIfClosed(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }
}
