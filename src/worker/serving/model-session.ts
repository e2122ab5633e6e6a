/**
 * A loaded model at work: schedule, run, sample, emit. Holds the loop, in which a step may be submitted before the one before
 * it has been read, and the way each request goes through it. Knows nothing of where models come from, nor of messages and ports.
 */
import type { FinishReason, GenerateRequest, GenerationEvent, GenerationResult } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { GpuSampler } from '../gpu/sampler.ts';
import type { ModelRunner } from '../model/runner.ts';
import type { ModelGrammars } from '../grammar/model-grammars.ts';
import { ConversationLog } from '../scheduler/conversation-log.ts';
import type { ScheduledStep } from '../scheduler/scheduled-step.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Draw } from '../scheduler/speculation.ts';
import type { CreateDrafter } from '../speculation/drafter.ts';
import { Sessions, type ModelIdentity } from '../sessions/sessions.ts';
import { tokenId, type SequenceId } from '../tokens.ts';
import { Generation, type DrawnToken } from './generation.ts';
import { pacerFor, type ChunkPacer } from './chunk-pacer.ts';
import { Conversations, MAX_CONVERSATIONS } from './conversations.ts';
import type { Constraint } from './constraint.ts';
import { countedOf, countSlotFor } from './count-slot.ts';
import { constrainAll } from './jump-forward.ts';
import { createScheduler } from './create-scheduler.ts';
import { HiddenStates } from './hidden-states.ts';
import { drafterFor } from './draft-sources.ts';
import { paramsAt } from './forced-tokens.ts';
import { Mutex } from '../mutex.ts';
import type { Prompt } from './prompt.ts';
import { knownClasses, samplingParamsOf } from './request.ts';
import { behindPrompt, proposeFor, sampleRequestFor } from './running-rows.ts';
import { announce, hasGuess, noteProgress, noteStarted, resultOf, Ticket, type Running } from './running.ts';
import type { StepCounters } from './step-counters.ts';
import { isPlainDecode, MAX_LATE_STEPS, StepPipeline } from './step-pipeline.ts';
import type { TextModel } from './text-model.ts';
import { Timer } from './timer.ts';
import { constraintOf } from './tool-constraint.ts';
import { toolParserFor } from './tool-use.ts';

export interface SessionHost {
  readonly nowMs: () => number;
  readonly randomU32: () => number;
  /** How tokens are guessed ahead; default: by n-grams. */
  readonly createDrafter?: CreateDrafter;
  /** Steps of plain decoding that may be unread when the next one is submitted: 0, 1 or 2. Default: MAX_LATE_STEPS. */
  readonly maxLateSteps?: number;
  readonly identity: ModelIdentity;
  /** What answers under grammars need; without it such requests are refused. */
  readonly grammars?: ModelGrammars;
}

export class ModelSession {
  readonly kind = 'generation';
  readonly runner: ModelRunner;
  readonly text: TextModel;
  readonly #sampler: GpuSampler;
  readonly #pipeline: StepPipeline;
  readonly #maxLateSteps: number;
  readonly #scheduler: Scheduler;
  readonly #log: ConversationLog;
  readonly #host: SessionHost;
  readonly #running = new Map<SequenceId, Running>();
  readonly #tickets = new Map<string, Ticket>();
  readonly #conversations: Conversations;
  /** Conversations as bytes, and forks. */
  readonly sessions: Sessions;
  /** Vectors of texts. */
  readonly hiddenStates: HiddenStates;
  readonly #pacer: ChunkPacer;
  /** What is in it has the scheduler and the caches for itself: a step, or whoever moves a session. */
  readonly #turn = new Mutex();
  #loop: Promise<void> | undefined;
  #closed: LinnetError | undefined;

  constructor(runner: ModelRunner, text: TextModel, sampler: GpuSampler, host: SessionHost) {
    const { sizes } = runner.plan;
    this.runner = runner;
    this.text = text;
    this.#sampler = sampler;
    this.#host = host;
    this.#pipeline = new StepPipeline(runner, sampler, host.nowMs);
    this.#maxLateSteps = host.maxLateSteps ?? MAX_LATE_STEPS;
    this.#log = new ConversationLog(MAX_CONVERSATIONS, sizes.contextLength);
    this.#pacer = pacerFor(runner);
    this.#scheduler = createScheduler(sizes, this.#log, this.#pacer, this.#maxLateSteps);
    this.#conversations = new Conversations(text, this.contextLength, host.nowMs);
    const shared = { runner, scheduler: this.#scheduler, alone: <T>(task: () => Promise<T>) => this.#turn.run(task) };
    this.hiddenStates = new HiddenStates({ ...shared, tokenizer: text.tokenizer, pacer: this.#pacer });
    this.sessions = new Sessions({
      ...shared,
      identity: host.identity,
      conversations: this.#conversations,
      log: this.#log,
      isAnswering: (key) => [...this.#tickets.values()].some(({ conversation }) => conversation === key),
      forgetComputed: async () => {
        while (this.#pipeline.numUnread > 0) await this.#readStep();
        this.#scheduler.loseCache();
      },
    });
  }

  get contextLength(): number {
    return this.#scheduler.contextLength;
  }

  /** What was scheduled, counted, and how full the cache is. */
  get scheduled(): Pick<Scheduler, 'counters' | 'kvCache'> {
    return this.#scheduler;
  }

  get steps(): StepCounters {
    return this.#pipeline.counters;
  }

  /** @throws InvalidRequest, TemplateFailed, ContextFull; DeviceLost, ModelNotLoaded when the session ends meanwhile. */
  async generate(request: GenerateRequest, emit: (event: GenerationEvent) => void): Promise<GenerationResult> {
    this.#throwIfClosed();
    const key = `${request.client}/${request.request}`;
    if (this.#tickets.has(key)) {
      throw new LinnetError('InvalidRequest', `The request id ${request.request} is in use; choose another.`);
    }
    const first = this.#tickets.get(`${request.client}/${request.samePromptAs ?? ''}`);
    const ticket = new Ticket(first, Conversations.keyOf(request));
    this.#tickets.set(key, ticket);
    try {
      return await this.#generate(request, ticket, emit);
    } finally {
      ticket.notePrompted();
      this.#tickets.delete(key);
    }
  }

  async #generate(
    request: GenerateRequest,
    ticket: Ticket,
    emit: (event: GenerationEvent) => void,
  ): Promise<GenerationResult> {
    const timer = new Timer(this.#host.nowMs);
    const given = this.#conversations.samplingFor(request) ?? this.text.recommendedSampling;
    const params = samplingParamsOf(request, given, {
      vocabSize: this.runner.plan.vocabSize,
      chooseSeed: this.#host.randomU32,
    });
    const prompt = this.#conversations.promptFor(request);
    const drafter = drafterFor(request, prompt, this.text.tokenizer, this.#host.createDrafter);
    const slot = countSlotFor(params, this.#sampler);
    let constraint: Constraint | undefined;
    try {
      constraint = await constraintOf(request, prompt, this.#host.grammars, this.text.tokenizer, emit);
      this.#throwIfClosed();
      await this.#sampler.prepare(paramsAt(params, request, 0), constraint !== undefined);
      await ticket.first?.prompted;
      this.#throwIfClosed();
      this.#sharePromptOf(ticket.first);
      const counted = countedOf(prompt);
      if (slot !== undefined) this.#sampler.countTokens(slot, counted.asked, counted.answered);
      const parser = toolParserFor(prompt.tools, this.#host.randomU32);
      const generation = new Generation(request, params, prompt, this.text, emit, parser);
      announce(generation, prompt);
      const maxTokens = prompt.ids.length + generation.numTokensLeft;
      const sequence = this.#scheduler.add({
        tokens: prompt.ids,
        maxTokens,
        isReadAtOnce: constraint !== undefined,
        ...knownClasses(request, prompt, this.#log),
      });
      return await new Promise<GenerationResult>((resolve, reject) => {
        this.#running.set(sequence, {
          generation,
          timer,
          ticket,
          resolve,
          reject,
          slot,
          drafter,
          constraint,
          counted,
          sequence,
          numCachedTokens: 0,
        });
        this.#loop ??= this.#run();
      });
    } finally {
      if (slot !== undefined) this.#sampler.releaseSlot(slot);
      constraint?.dispose();
    }
  }

  /** For requests with the same prompt, which are added next. */
  #sharePromptOf(ticket: Ticket | undefined): void {
    for (const running of this.#running.values())
      if (running.ticket === ticket) this.#scheduler.sharePrompt(running.sequence);
  }

  /** The generation ends at the next step, with what it has. Unknown ids are ignored. */
  abort(client: string, request: string): void {
    const ticket = this.#tickets.get(`${client}/${request}`);
    if (ticket !== undefined) ticket.aborted = true;
  }

  forgetConversation(client: string, conversation: string): void {
    this.#conversations.forget(`${client}/${conversation}`);
    this.#log.forget(`${client}/${conversation}`);
  }

  /** Rejects what is running; resolves when the steps under way are over. */
  async close(error: LinnetError): Promise<void> {
    this.#closed = error;
    this.#rejectAll(error);
    await Promise.all([this.#loop, this.sessions.close(error), this.hiddenStates.close(error)]);
    await this.#host.grammars?.dispose();
  }

  /** Schedule, run, sample, emit, until there is nothing to do. */
  async #run(): Promise<void> {
    // Not before `#loop` is set, or a loop that ends at once would leave itself behind.
    await Promise.resolve();
    while (this.#closed === undefined && (this.#running.size > 0 || this.#pipeline.numUnread > 0)) {
      await this.#turn.run(() => this.#advance());
    }
    if (this.#pipeline.numUnread > 0) await this.#pipeline.drain();
    this.#pipeline.rest();
    this.#loop = undefined;
  }

  /** Makes the next step, or reads one. */
  async #advance(): Promise<void> {
    try {
      this.#endAborted();
      if (this.#mustRead()) await this.#readStep();
      else {
        for (const end of await constrainAll(this.#running, this.#scheduler, this.#sampler)) {
          if ('reason' in end) this.#finish(end.running, end.reason);
          else this.#fail(end.running, end.error);
        }
        await this.#nextStep();
      }
    } catch (error) {
      // What the steps wrote is not known: nothing of the cache can be trusted.
      for (const { id } of this.#scheduler.sequences) this.#scheduler.abort(id);
      this.#scheduler.loseCache();
      this.#rejectAll(error);
      await this.#pipeline.drain();
    }
  }

  async #nextStep(): Promise<void> {
    if (this.#closed !== undefined) return;
    const step = this.#scheduler.step((id, maxTokens) => proposeFor(this.#running.get(id), maxTokens));
    noteStarted(step, this.#running);
    if (step.batch.rows.length > 0) {
      const requests = step.logitRows.map((row) => sampleRequestFor(this.#running.get(row.id), row));
      this.#pipeline.submit(step, requests);
    } else if (this.#pipeline.numUnread > 0) {
      await this.#readStep();
    }
    await this.#makeRoom(step);
  }

  /** Whether the next step has to wait for a result: of a step too long ago, or of the last one. */
  #mustRead(): boolean {
    const { newest, numUnread } = this.#pipeline;
    if (newest === undefined) return false;
    // A chunk of a prompt is waited for, so that no more than one is queued and an abort is heard; guesses decide what is next.
    if (this.#running.size === 0 || numUnread > this.#maxLateSteps || !isPlainDecode(newest)) return true;
    if (this.#scheduler.numDraftRows === 0) return false;
    return [...this.#running.values()].some((running) =>
      hasGuess(running, this.#scheduler.get(running.sequence).numPending),
    );
  }

  /** Takes what the oldest step drew. */
  async #readStep(): Promise<void> {
    const { step, drawn, elapsedMs, numPrompt, work } = await this.#pipeline.read();
    if (work !== undefined) this.#pacer.observe(numPrompt, work, elapsedMs);
    const ids = drawn.map(({ id }) => tokenId(id));
    const draws = this.#scheduler.commit(step, ids);
    noteProgress(step, this.#running, this.#scheduler);
    for (const draw of draws) this.#accept(draw, drawn.slice(draw.firstRow, draw.firstRow + draw.numTokens));
  }

  /** Takes a step's tokens one by one, as if each had come alone: those behind an end never were. */
  #accept({ id, numTokens, numDrafted }: Draw, drawn: readonly DrawnToken[]): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    const { generation, drafter, constraint, timer } = running;
    timer.token();
    running.ticket.notePrompted();
    generation.countStep(numDrafted);
    drafter?.verified(numDrafted, numTokens - 1);
    drafter?.push(drawn.map((token) => tokenId(token.id)));
    for (const [index, token] of drawn.entries()) {
      const cut = () => {
        if (index + 1 < numTokens)
          this.#scheduler.truncate(id, this.#scheduler.get(id).numTokens - (numTokens - 1 - index));
      };
      let reason: FinishReason | undefined;
      try {
        reason = generation.accept(token);
        if (reason === undefined) constraint?.take(tokenId(token.id));
      } catch (error) {
        cut();
        this.#fail(running, error);
        return;
      }
      if (reason === undefined) continue;
      cut();
      this.#finish(running, reason);
      return;
    }
  }

  #endAborted(): void {
    for (const running of [...this.#running.values()]) if (running.ticket.aborted) this.#finish(running, 'aborted');
  }

  /** Sequences that reached the end of the context: leave out turns and go on, or stop. Where a text ends is read first. */
  async #makeRoom({ contextFull }: ScheduledStep): Promise<void> {
    while (contextFull.length > 0 && this.#pipeline.numUnread > 0) await this.#readStep();
    for (const id of contextFull) {
      const running = this.#running.get(id);
      if (running === undefined) continue;
      try {
        const prompt = this.#conversations.shorterPrompt(running.generation);
        if (prompt === undefined) this.#finish(running, 'length');
        else this.#restart(running, prompt);
      } catch (error) {
        if (error instanceof LinnetError && error.name === 'ContextFull') this.#finish(running, 'length');
        else this.#fail(running, error);
      }
    }
  }

  /** Goes on with the answer behind another prompt; what was generated keeps its class. */
  #restart(running: Running, prompt: Prompt): void {
    this.#scheduler.abort(running.sequence);
    this.#running.delete(running.sequence);
    running.sequence = this.#scheduler.add(behindPrompt(running, prompt));
    running.generation.prompt = prompt;
    this.#running.set(running.sequence, running);
    announce(running.generation, prompt);
  }

  /** Ends one request with an error; the others go on. */
  #fail(running: Running, error: unknown): void {
    this.#scheduler.abort(running.sequence);
    this.#running.delete(running.sequence);
    running.reject(error);
  }

  #finish(running: Running, reason: FinishReason): void {
    const { generation, sequence } = running;
    const numTokens = this.#scheduler.finish(sequence, reason).tokens.length;
    this.#running.delete(sequence);
    generation.finish();
    this.#conversations.remember(generation);
    running.resolve(resultOf(running, reason, numTokens, this.contextLength));
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
