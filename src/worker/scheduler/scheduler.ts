/**
 * Which tokens are computed next (P11): first come, first served, decode rows before prefill chunks, under a budget of
 * rows. When blocks run out it evicts from the prefix tree, then preempts whoever came last. Pure bookkeeping: it
 * refuses to know the GPU, text, sampling and the clock, and never decides that a sequence is done.
 *
 * Per step: `step()` -> the host runs `batch` and samples -> `commit()` -> the host finishes what is done. Between the
 * two calls `add`, `fork`, `truncate`, `finish` are allowed; work already on its way for them is dropped where void.
 *
 * Up to `maxStepsInFlight` steps may be on their way, run in the order they were made and committed in that order. A
 * sequence that decodes then goes on from a token that is drawn, but not known: its row has a `PendingToken`. What a step
 * writes is there for all later ones, and so are blocks that were given up while a step on its way still writes them.
 */
import type { FinishReason } from '../api.ts';
import { LinnetError } from '../errors.ts';
import { sequenceId, type SequenceId, type TokenId } from '../tokens.ts';
import { Aside } from './aside.ts';
import type { BlockManager } from './block-manager.ts';
import type { ConversationLog } from './conversation-log.ts';
import { countDiscarded, countDraw, countStep, ZERO_COUNTERS, type SchedulerCounters } from './counters.ts';
import { checkInvariants } from './invariants.ts';
import { longestPrefix, type CachedTokens } from './cached-tokens.ts';
import { adoptPrefix, locatePrefix, type PrefixPlaces } from './kept-prefix.ts';
import type { PrefixTree } from './prefix-tree.ts';
import type { RecurrentStates } from './recurrent-states.ts';
import { checkLimits, StepBuilder, type ScheduledStep, type SchedulerLimits } from './scheduled-step.ts';
import type { Sequence } from './sequence.ts';
import { sequenceOf, type SequenceRequest } from './sequence-request.ts';
import type { ClassedTokens } from './snapshots.ts';
import { addDrafts, verifiedTokens, type Draw, type ProposeDraft } from './speculation.ts';
import { decodingInTurn, firstWaiting, overlongOf, prefillingOf, runningOf } from './turns.ts';
import type { WindowBlocks } from './window-blocks.ts';

export class Scheduler {
  readonly #blocks: BlockManager;
  readonly #tree: PrefixTree;
  readonly #log: ConversationLog;
  readonly #limits: SchedulerLimits;
  /** Of models with recurrent layers. */
  readonly #states: RecurrentStates | undefined;
  /** Of models whose windowed layers have a pool of their own. */
  readonly #windows: WindowBlocks | undefined;
  /** The text that is computed beside the sequences, or was. */
  #aside: Aside | undefined;
  readonly #sequences = new Map<SequenceId, Sequence>(); // not finished, in order of arrival
  #numAdded = 0;
  readonly #inFlight: ScheduledStep[] = []; // the oldest first
  #counters = ZERO_COUNTERS;

  /** All but the limits are the scheduler's own from here on. @throws LinnetError `Internal` for limits that allow no step. */
  constructor(
    blocks: BlockManager,
    tree: PrefixTree,
    log: ConversationLog,
    limits: SchedulerLimits,
    { states, windows }: { readonly states?: RecurrentStates; readonly windows?: WindowBlocks } = {},
  ) {
    checkLimits(limits);
    this.#blocks = blocks;
    this.#tree = tree;
    this.#log = log;
    this.#limits = limits;
    this.#states = states;
    this.#windows = windows;
  }

  /** Tokens of one sequence that can have their KV in the cache: the context's length, or the whole pool. */
  get contextLength(): number {
    return Math.min(this.#limits.contextLength, this.#blocks.numBlocks * this.#blocks.blockTokens);
  }

  get counters(): SchedulerCounters {
    return this.#counters;
  }

  /** Tokens of the pool whose blocks are held, by sequences or by the prefix tree, and of the whole pool. */
  get kvCache(): { readonly heldTokens: number; readonly totalTokens: number } {
    const { numBlocks, numFree, blockTokens } = this.#blocks;
    return { heldTokens: (numBlocks - numFree) * blockTokens, totalTokens: numBlocks * blockTokens };
  }

  /** Sequences not finished, in order of arrival. */
  get sequences(): readonly Sequence[] {
    return [...this.#sequences.values()];
  }

  /** @throws LinnetError `InvalidRequest` for a sequence that is finished or never was. */
  get(id: SequenceId): Sequence {
    const sequence = this.#sequences.get(id);
    if (sequence === undefined) throw new LinnetError('InvalidRequest', `There is no sequence ${String(id)}.`);
    return sequence;
  }

  /** Rows that a step has for guesses, once every decoding sequence has its own. */
  get numDraftRows(): number {
    const { maxRowsPerStep, maxGeneratedRows = maxRowsPerStep, maxLogitRows } = this.#limits;
    const numDecoding = this.sequences.filter(({ state }) => state.kind === 'decoding').length;
    return Math.max(0, Math.min(maxRowsPerStep, maxGeneratedRows, maxLogitRows) - numDecoding);
  }

  /** @throws LinnetError `ContextFull` for a prompt that can never fit, `InvalidRequest` for an empty one. */
  add(request: SequenceRequest): SequenceId {
    const sequence = sequenceOf(request, this.#nextId(), this.contextLength, this.#log);
    this.#sequences.set(sequence.id, sequence);
    return sequence.id;
  }

  /**
   * A new sequence that goes on from the first `numTokens` known tokens (default: all), sharing their blocks. It belongs to
   * no conversation and has no `maxTokens`. It runs if its parent does, also beyond `maxLogitRows` running sequences: they then take turns.
   */
  fork(id: SequenceId, numTokens?: number): SequenceId {
    const parent = this.get(id);
    const child = parent.fork(this.#nextId(), numTokens ?? parent.tokens.length, (numComputed) =>
      this.#blocks.fork(parent.blockTable, this.#blocks.numBlocksFor(numComputed)),
    );
    this.#sequences.set(child.id, child);
    if (this.#states !== undefined) this.#keepComputed(child, this.#states.fork(id, child));
    this.#rewindToWindow(child);
    return child.id;
  }

  /**
   * What is computed of a sequence's prompt is in the cache for others from now on, to its last token: the next token of this
   * one then takes a copy of a block that it shares. Without this the whole blocks are, once the prompt has been computed.
   */
  sharePrompt(id: SequenceId): void {
    const { tokens, classes, blockTable, numKnownComputed, numPromptTokens } = this.get(id);
    const numTokens = Math.min(numKnownComputed, numPromptTokens);
    this.#tree.insert({ tokens, classes, blocks: blockTable, numTokens });
  }

  /** Where the longest prefix lies that a sequence of these tokens could go on from; to be read before the next step is made. */
  locate(prefix: ClassedTokens): PrefixPlaces {
    return locatePrefix(prefix, this.#cached);
  }

  /**
   * Keeps what another run computed of these tokens as if it had been computed here: the places it is to be written to, before the
   * next step is made. @throws ContextFull
   */
  adopt(prefix: ClassedTokens): PrefixPlaces {
    this.#aside?.end();
    return adoptPrefix(prefix, this.#cached, this.#running);
  }

  /**
   * Room for a text of up to `contextLength` tokens beside the sequences, at the cost of what was cached longest ago; undefined while
   * there is none. One at a time. Whoever holds it gives it back with `end`; a sequence that needs the room takes it.
   */
  beginAside(tokens: readonly TokenId[]): Aside | undefined {
    this.#aside?.end();
    this.#aside = Aside.begin(tokens, this.#cached, () => this.#running);
    return this.#aside;
  }

  /** Drops the tokens past the first `numTokens` known ones (at least 1); the sequence then goes on from there. */
  truncate(id: SequenceId, numTokens: number): void {
    const sequence = this.get(id);
    sequence.truncate(numTokens);
    this.#keepComputed(sequence, this.#states?.rewind(sequence) ?? sequence.numComputed);
    this.#rewindToWindow(sequence);
  }

  /**
   * The sequence is done: what it computed stays cached while there is room, its classes stay in its conversation. Pending
   * tokens are dropped, as if no step had gone beyond those that are known.
   */
  finish(id: SequenceId, reason: FinishReason): Sequence {
    const sequence = this.get(id);
    sequence.dropPending();
    this.#moveToTree(sequence);
    if (sequence.conversation !== undefined) {
      const numTokens = sequence.numClassedTokens;
      this.#log.record(
        sequence.conversation,
        sequence.tokens.slice(0, numTokens),
        sequence.classes.slice(0, numTokens),
      );
    }
    sequence.finish(reason);
    this.#sequences.delete(id);
    return sequence;
  }

  abort(id: SequenceId): Sequence {
    return this.finish(id, 'aborted');
  }

  /**
   * Chooses the next rows. Without rows there is nothing to commit, and nothing to do before the steps on their way are
   * committed. Rows that nobody needs go to guesses of what comes behind decoding sequences without pending tokens: `propose`
   * gives at most so many for a sequence.
   */
  step(propose?: ProposeDraft): ScheduledStep {
    if (this.#inFlight.length >= (this.#limits.maxStepsInFlight ?? 1)) {
      throw new LinnetError('Internal', 'Commit a step before the next one.');
    }
    const builder = new StepBuilder(this.#limits, this.#states, this.#windows);
    for (const sequence of decodingInTurn(this.sequences)) this.#schedule(sequence, builder);
    for (const sequence of prefillingOf(this.sequences)) this.#schedule(sequence, builder);
    for (let next = this.#admit(builder); next !== undefined; next = this.#admit(builder))
      this.#schedule(next, builder);
    builder.contextFull.push(...overlongOf(this.sequences, this.contextLength).map(({ id }) => id));
    if (propose !== undefined) addDrafts(builder, propose, this.#cached, this.contextLength, this.#running);

    const step = builder.build(this.#counters.numSteps + 1);
    this.#blocks.endStep();
    this.#windows?.endStep();
    if (builder.isEmpty) return step;
    for (const { id, numRows, wantsLogits, firstLogitRow, draft } of step.sequences) {
      const draw = wantsLogits ? { logitRow: firstLogitRow, numDrafts: draft.length } : undefined;
      const sequence = this.get(id);
      sequence.schedule(step.serial, numRows, draw);
      this.#states?.schedule(sequence);
    }
    this.#counters = countStep(this.#counters, step);
    this.#inFlight.push(step);
    return step;
  }

  /**
   * The oldest step on its way has run. `sampled` is parallel to `step.logitRows`; tokens of sequences gone since are ignored,
   * and so are those drawn behind a wrong guess.
   */
  commit(step: ScheduledStep, sampled: readonly TokenId[]): readonly Draw[] {
    if (step !== this.#inFlight[0] || sampled.length !== step.logitRows.length) {
      throw new LinnetError('Internal', 'A commit is for the oldest step, with one token for each row of logits.');
    }
    this.#inFlight.shift();
    const draws: Draw[] = [];
    for (const { id, wantsLogits, firstLogitRow: firstRow, endsPrefill, draft, numTruncations } of step.sequences) {
      if (!wantsLogits) continue;
      const sequence = this.#sequences.get(id);
      if (sequence?.numTruncations !== numTruncations) {
        this.#counters = countDiscarded(this.#counters);
        continue;
      }
      const tokens = verifiedTokens(draft, sampled.slice(firstRow, firstRow + 1 + draft.length));
      sequence.receive(tokens);
      this.#states?.settle(sequence);
      // What wrong guesses left in the cache lies behind all that is computed: it is overwritten or given up.
      this.#blocks.truncate(sequence.blockTable, this.#blocks.numBlocksFor(sequence.numComputed));
      if (endsPrefill) this.#cacheFullBlocks(sequence);
      draws.push({ id, firstRow, numTokens: tokens.length, numDrafted: draft.length });
      this.#counters = countDraw(this.#counters, draft.length, tokens.length - 1);
    }
    return draws;
  }

  /** The KV is gone (a lost device): nothing is in flight, everything is computed again, each token in its class. */
  loseCache(): void {
    this.#inFlight.length = 0;
    this.#aside?.end();
    this.#tree.clear();
    this.#states?.clear();
    for (const sequence of this.#sequences.values()) {
      this.#blocks.truncate(sequence.blockTable, 0);
      sequence.dropPending();
      sequence.suspend();
    }
  }

  /** For tests and debugging: throws `Internal` when the bookkeeping does not add up. */
  checkInvariants(): void {
    checkInvariants(this.sequences, this.#blocks, this.#tree, this.#aside);
    this.#states?.checkInvariants(this.sequences);
    this.#windows?.checkInvariants(this.#running);
  }

  #schedule(sequence: Sequence, builder: StepBuilder): void {
    if (!sequence.isRunning || sequence.numTokens > this.contextLength) return; // preempted just now, or overlong
    if (!sequence.canFollow(this.#counters.numSteps)) return; // a result has to be read first
    const numWanted = builder.numRowsFor(sequence);
    if (numWanted === 0 || !this.#reserveState(sequence, builder)) return;
    const numGranted = this.#reserve(sequence, numWanted, builder);
    if (numGranted > 0) {
      this.#states?.place(sequence, numGranted);
      builder.add(sequence, numGranted);
      return;
    }
    this.#states?.cancel(sequence.id);
    if (this.#numRunning === 1) builder.contextFull.push(sequence.id);
  }

  /** A slot for what the sequence's recurrent state becomes, if need be at the cost of those who came later; not to go ahead. */
  #reserveState(sequence: Sequence, builder: StepBuilder): boolean {
    const states = this.#states;
    if (states === undefined) return true;
    while (!states.reserve(sequence)) {
      if (this.#aside?.end() === true) continue;
      if (sequence.numPending > 0) return false;
      const victim = this.sequences.findLast((other) => other.id > sequence.id && states.holds(other.id));
      if (victim === undefined) return false;
      this.#preempt(victim, builder);
    }
    return true;
  }

  /** Makes the next `numRows` positions writable, or as many of them as there are blocks for. */
  #reserve(sequence: Sequence, numRows: number, builder: StepBuilder): number {
    const { blockTokens } = this.#blocks;
    const start = sequence.numComputed;
    for (let at = start; at < start + numRows; at = (Math.floor(at / blockTokens) + 1) * blockTokens) {
      if (!this.#makeWritable(sequence, at, builder)) return at - start;
    }
    return numRows;
  }

  #makeWritable(sequence: Sequence, position: number, builder: StepBuilder): boolean {
    while (this.#windows?.reserve(sequence, position, this.#running) === false) {
      if (this.#aside?.end() !== true && !this.#preemptLater(sequence, builder)) return false;
    }
    for (;;) {
      const grant = this.#blocks.makeWritable(sequence.blockTable, position);
      if (grant.kind === 'copy') builder.addCopy(sequence, grant.copy);
      if (grant.kind !== 'full') {
        this.#windows?.place(sequence, position, grant.kind === 'copy' ? grant.copy : undefined);
        return true;
      }
      if (!this.#freeSomething(sequence, builder)) return false;
    }
  }

  /** Frees a block, or a reference on one, at the least cost there is; false when only older sequences hold any. */
  #freeSomething(sequence: Sequence, builder: StepBuilder): boolean {
    if (this.#tree.evict() || this.#aside?.end() === true || this.#preemptLater(sequence, builder)) return true;
    // What the tree still holds is shared with running sequences, or lies above such a block. They keep theirs.
    const hadBlocks = this.#tree.numBlocks > 0;
    this.#tree.clear();
    return hadBlocks;
  }

  /** Takes the blocks of the sequence that came last, if it came later. */
  #preemptLater(sequence: Sequence, builder: StepBuilder): boolean {
    const victim = this.sequences.findLast((other) => other.id > sequence.id && other.blockTable.length > 0);
    if (victim === undefined) return false;
    this.#preempt(victim, builder);
    return true;
  }

  #preempt(victim: Sequence, builder: StepBuilder): void {
    const copy = builder.remove(victim);
    this.#states?.cancel(victim.id);
    if (copy !== undefined) {
      // The copy will not run: its target has no contents to keep.
      this.#blocks.cancelCopy(copy);
      victim.forgetComputed(victim.numComputed - copy.numTokens);
    }
    this.#moveToTree(victim);
    victim.suspend();
    builder.preempted.push(victim.id);
  }

  /** Lets the oldest waiting sequence run, if a place, rows and blocks for all of its tokens are there. */
  #admit(builder: StepBuilder): Sequence | undefined {
    const next = firstWaiting(this.sequences, this.contextLength);
    const numRunning = this.#numRunning;
    if (next === undefined || builder.preempted.includes(next.id)) return undefined;
    if (numRunning >= this.#limits.maxLogitRows || builder.numPrefillRowsLeft === 0) return undefined;
    if (numRunning > 0 && this.#states?.hasRoom === false) return undefined;
    const { prefillChunkTokens } = this.#limits;
    const hasWindow = this.#windows?.hasRoomFor(next, this.#running, prefillChunkTokens) ?? true;
    if (numRunning > 0 && !hasWindow) return undefined;
    // All but the last token at most: that one is computed in any case, for its logits.
    const match = longestPrefix(next, this.#cached);
    next.blockTable.push(...this.#blocks.fork(match.blocks, match.blocks.length));
    const numFullBlocks = Math.floor(match.numTokens / this.#blocks.blockTokens);
    const numNeeded = this.#blocks.numBlocksFor(next.numTokens) - numFullBlocks;
    if (numRunning > 0 && numNeeded > this.#blocks.numFree + this.#tree.numEvictable) {
      this.#blocks.truncate(next.blockTable, 0);
      return undefined;
    }
    if (!next.wasAdmitted) builder.started.push({ id: next.id, numCachedTokens: match.numTokens });
    next.admit(match.numTokens, match.classes);
    this.#states?.attach(next);
    this.#counters = { ...this.#counters, numCachedTokens: this.#counters.numCachedTokens + match.numTokens };
    return next;
  }

  /** Where blocks of the window before its next row are gone, the sequence computes again from where they are all there. */
  #rewindToWindow(sequence: Sequence): void {
    if (this.#windows === undefined) return;
    this.#keepComputed(sequence, this.#windows.usable(sequence.blockTable, sequence.numComputed));
  }

  get #cached(): CachedTokens {
    return { blocks: this.#blocks, tree: this.#tree, states: this.#states, windows: this.#windows };
  }

  /** Of what a sequence has computed the first `numTokens` tokens are still there. */
  #keepComputed(sequence: Sequence, numTokens: number): void {
    sequence.forgetComputed(numTokens);
    this.#blocks.truncate(sequence.blockTable, this.#blocks.numBlocksFor(sequence.numComputed));
  }

  /** The sequence lets go of its blocks and states; the tree keeps what it computed until the room is needed. */
  #moveToTree(sequence: Sequence): void {
    const { tokens, classes, blockTable, numKnownComputed } = sequence;
    this.#tree.insert({ tokens, classes, blocks: blockTable, numTokens: numKnownComputed });
    this.#blocks.truncate(blockTable, 0);
    this.#states?.leave(sequence);
  }

  /** Whole blocks only, since a shared last block would have to be copied for the next token. */
  #cacheFullBlocks({ tokens, classes, blockTable, numKnownComputed }: Sequence): void {
    const numTokens = numKnownComputed - (numKnownComputed % this.#blocks.blockTokens);
    this.#tree.insert({ tokens, classes, blocks: blockTable, numTokens });
  }

  get #running(): readonly Sequence[] {
    return runningOf(this.sequences);
  }

  get #numRunning(): number {
    return this.#running.length;
  }

  #nextId(): SequenceId {
    return sequenceId(this.#numAdded++);
  }
}
