/**
 * Thousands of random steps on tiny pools: arrivals, conversations, forks, truncations, aborts and lost devices, some of
 * them while a step is in flight, with and without guesses of all qualities. The fake forward pass notices every wrong block; the invariants notice every leak.
 */
import { describe, expect, it } from 'vitest';
import type { SequenceId, TokenClass, TokenId } from '../tokens.ts';
import type { ScheduledStep, SchedulerLimits } from './scheduled-step.ts';
import type { Sequence } from './sequence.ts';
import type { Draw, ProposeDraft } from './speculation.ts';
import { expectedKv, makeRig, seededRandom, tokenRange, type TestRig } from './testing/fake-forward.ts';

const VOCAB = 7; // small, so that unrelated prompts share prefixes by chance

/** An `expect` for what is checked a million times. */
function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

class Simulation {
  readonly rig: TestRig;
  readonly digest: string[] = [];
  readonly tally = {
    finished: 0,
    forks: 0,
    truncations: 0,
    preempted: 0,
    contextFull: 0,
    cached: 0,
    copies: 0,
    drafted: 0,
    accepted: 0,
  };
  readonly #random: () => number;
  readonly #targets = new Map<SequenceId, number>();
  /** Positions computed and not lost since, for each sequence. */
  readonly #computed = new Map<SequenceId, Set<number>>();
  readonly #histories = new Map<string, readonly TokenId[]>();
  readonly #keepsDigest: boolean;
  readonly #propose: ProposeDraft | undefined;

  constructor(
    seed: number,
    options: Partial<SchedulerLimits> & { numBlocks: number },
    { keepsDigest = false, speculates = false } = {},
  ) {
    this.#keepsDigest = keepsDigest;
    this.#propose = speculates ? (id, maxTokens) => this.#draft(id, maxTokens) : undefined;
    this.#random = seededRandom(seed);
    this.rig = makeRig({ ...options, vocabSize: VOCAB });
  }

  run(numSteps: number): void {
    const { scheduler } = this.rig;
    for (let count = 0; count < numSteps; count++) {
      if (this.#below(100) < 40 && scheduler.sequences.length < 12) this.#arrive();
      this.#disturb();
      this.#step(true);
    }
    for (let left = 20_000; scheduler.sequences.length > 0; left--) {
      demand(left > 0, 'not all sequences finish');
      this.#step(false);
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #tokens(count: number): TokenId[] {
    return Array.from({ length: count }, () => this.rig.forward.sample(this.#below(VOCAB)));
  }

  #arrive(): void {
    const { scheduler } = this.rig;
    const conversation = `c${String(this.#below(4))}`;
    const kind = this.#below(3);
    let tokens = this.#tokens(1 + this.#below(kind === 0 ? 60 : 20));
    if (kind === 1) tokens = [...tokenRange(0, VOCAB), ...tokenRange(0, VOCAB), ...tokenRange(0, VOCAB), ...tokens];
    if (kind === 2) tokens = [...(this.#histories.get(conversation) ?? []), ...tokens];
    if (tokens.length > scheduler.contextLength) {
      expect(() => scheduler.add({ tokens })).toThrow(expect.objectContaining({ name: 'ContextFull' }));
      this.#histories.delete(conversation);
      return;
    }
    const classes = tokens.map((): TokenClass => (this.#below(2) === 0 ? 'prompt' : 'generated'));
    const id = scheduler.add(
      kind === 2 ? { tokens, conversation } : kind === 1 && this.#below(4) === 0 ? { tokens, classes } : { tokens },
    );
    this.#targets.set(id, 1 + this.#below(40));
  }

  /** Something that may come at any time, also while a step is in flight. */
  #disturb(): void {
    const { scheduler } = this.rig;
    const { sequences } = scheduler;
    const sequence = sequences[this.#below(sequences.length)];
    if (sequence === undefined) return;
    const dice = this.#below(100);
    if (dice < 3) this.#finish(sequence, true);
    else if (dice < 8 && sequences.length < 12) {
      const length = this.#below(2) === 0 ? sequence.numTokens : 1 + this.#below(sequence.numTokens);
      this.#targets.set(scheduler.fork(sequence.id, length), this.#below(40) + 1);
      this.tally.forks++;
    } else if (dice < 13) this.#truncate(sequence);
    scheduler.checkInvariants();
  }

  #truncate(sequence: Sequence): void {
    const length = 1 + this.#below(sequence.numTokens);
    this.rig.scheduler.truncate(sequence.id, length);
    // The last token is computed again, and so is what was in flight.
    const kept = [...(this.#computed.get(sequence.id) ?? [])].filter((position) => position < sequence.numComputed);
    this.#computed.set(sequence.id, new Set(kept));
    this.tally.truncations++;
  }

  /** The true continuation as far as chance will have it, then anything; sometimes more than was asked for. */
  #draft(id: SequenceId, maxTokens: number): TokenId[] {
    const { scheduler, forward } = this.rig;
    const { tokens, classes } = scheduler.get(id);
    demand(tokens.length + maxTokens <= scheduler.contextLength, 'a draft may leave the context');
    const known = [...tokens];
    const numRight = this.#below(6);
    for (let i = 0; i < numRight; i++) {
      const kv = expectedKv(known, [...classes, ...known.slice(classes.length).map(() => 'generated' as const)]);
      known.push(forward.sample(kv.at(-1) ?? 0));
    }
    return [...known.slice(tokens.length), ...this.#tokens(this.#below(4))];
  }

  #step(mayDisturb: boolean): void {
    const { scheduler, forward } = this.rig;
    const step = scheduler.step(this.#propose);
    if (this.#keepsDigest) this.digest.push(JSON.stringify(step));
    scheduler.checkInvariants();
    this.#checkStep(step);
    if (step.batch.rows.length > 0) {
      const sampled = forward.run(step.batch);
      this.#checkKv(step);
      if (mayDisturb && this.#below(200) === 0) {
        forward.wipe();
        scheduler.loseCache();
        this.#computed.clear();
        return;
      }
      if (mayDisturb) this.#disturb();
      this.#checkDraws(scheduler.commit(step, sampled), step, sampled);
      scheduler.checkInvariants();
    }
    for (const id of step.contextFull) {
      const sequence = scheduler.sequences.find((other) => other.id === id);
      if (sequence === undefined) continue;
      this.tally.contextFull++;
      if (mayDisturb && this.#below(2) === 0) this.#truncate(sequence);
      else this.#finish(sequence, false);
    }
    for (const sequence of scheduler.sequences) {
      if (sequence.numGeneratedTokens >= (this.#targets.get(sequence.id) ?? 0)) this.#finish(sequence, false);
    }
  }

  #checkStep(step: ScheduledStep): void {
    const { scheduler, blocks } = this.rig;
    const isStuck = step.batch.rows.length === 0 && step.contextFull.length === 0;
    demand(!isStuck || scheduler.sequences.length === 0, 'there is work, but no rows');
    for (const id of step.contextFull) {
      demand(scheduler.get(id).numTokens > scheduler.contextLength, 'the context is not full');
    }
    for (const id of step.preempted) this.#computed.delete(id);
    this.tally.preempted += step.preempted.length;
    this.tally.copies += step.batch.copies.length;
    for (const { numCachedTokens } of step.started) this.tally.cached += numCachedTokens;
    for (const row of step.batch.rows) {
      const scheduled = step.sequences[row.sequence];
      const block = step.batch.sequences[row.sequence]?.blockTable[Math.floor(row.position / 16)];
      demand(scheduled !== undefined && block !== undefined, 'a row without a sequence or a block');
      demand(blocks.refCount(block) === 1, 'a written block has more than one owner');
      const { tokens, classes } = scheduler.get(scheduled.id);
      if (row.position >= tokens.length) {
        demand(row.token === scheduled.draft[row.position - tokens.length], 'a row has another token than its draft');
        demand(row.wantLogits && row.tokenClass === 'generated', 'a guess is not verified');
        continue;
      }
      demand(row.token === tokens[row.position], 'a row has another token than its sequence');
      demand(row.tokenClass === classes[row.position], 'a row has another class than its token');
      const done = this.#computed.get(scheduled.id) ?? new Set();
      demand(!done.has(row.position), 'a row is computed twice');
      this.#computed.set(scheduled.id, done.add(row.position));
    }
  }

  #checkDraws(draws: readonly Draw[], step: ScheduledStep, sampled: readonly TokenId[]): void {
    for (const { id, firstRow, numTokens, numDrafted } of draws) {
      const { tokens, numComputed } = this.rig.scheduler.get(id);
      this.tally.drafted += numDrafted;
      this.tally.accepted += numTokens - 1;
      const drawn = sampled.slice(firstRow, firstRow + numTokens);
      demand(drawn.join() === tokens.slice(-numTokens).join(), 'a sequence has other tokens than were drawn');
      for (const [offset, row] of step.logitRows.slice(firstRow, firstRow + numTokens).entries()) {
        demand(row.id === id && row.position === tokens.length - numTokens + offset, 'a row of logits is misplaced');
      }
      const done = this.#computed.get(id) ?? new Set();
      for (let at = numComputed - numTokens + 1; at < numComputed; at++) done.add(at);
    }
  }

  #checkKv(step: ScheduledStep): void {
    for (const [index, { id }] of step.sequences.entries()) {
      const scheduled = step.batch.sequences[index];
      demand(scheduled !== undefined, 'a sequence without a batch entry');
      const { tokens, classes } = this.rig.scheduler.get(id);
      for (const [position, kv] of expectedKv(tokens.slice(0, scheduled.length), classes).entries()) {
        const actual = this.rig.forward.kvAt(scheduled.blockTable, position);
        demand(actual === kv, `wrong KV of sequence ${String(id)} at ${String(position)}`);
      }
    }
  }

  #finish(sequence: Sequence, isAbort: boolean): void {
    const { scheduler, forward } = this.rig;
    if (isAbort) scheduler.abort(sequence.id);
    else scheduler.finish(sequence.id, 'stop');
    this.#computed.delete(sequence.id);
    this.tally.finished++;
    const kv = expectedKv(sequence.tokens, sequence.classes);
    for (let at = sequence.numPromptTokens; at < sequence.numTokens; at++) {
      demand(sequence.tokens[at] === forward.sample(kv[at - 1] ?? 0), 'not the token of a run alone');
      demand(sequence.classes[at] === 'generated', 'a sampled token is not of class generated');
    }
    if (sequence.conversation !== undefined) this.#histories.set(sequence.conversation, sequence.tokens);
  }
}

const CONFIGS = [
  { numBlocks: 3, contextLength: 1000, maxRowsPerStep: 20, prefillChunkTokens: 16, maxLogitRows: 3 },
  { numBlocks: 6, contextLength: 60, maxRowsPerStep: 9, prefillChunkTokens: 5, maxLogitRows: 2 },
  { numBlocks: 10, contextLength: 1000, maxRowsPerStep: 64, prefillChunkTokens: 64, maxLogitRows: 8 },
  { numBlocks: 24, contextLength: 120, maxRowsPerStep: 40, prefillChunkTokens: 33, maxLogitRows: 4 },
  { numBlocks: 4, contextLength: 50, maxRowsPerStep: 1, prefillChunkTokens: 1, maxLogitRows: 1 },
  { numBlocks: 60, contextLength: 200, maxRowsPerStep: 128, prefillChunkTokens: 100, maxLogitRows: 16 },
];

describe('random simulation', () => {
  it.each(
    CONFIGS.flatMap((config) => [
      { ...config, speculates: false },
      { ...config, speculates: true },
    ]),
  )('computes everything once and leaks nothing: $numBlocks blocks, speculation $speculates', (options) => {
    const { speculates, ...config } = options;
    const simulation = new Simulation(config.numBlocks, config, { speculates });
    simulation.run(1000);
    const { blocks, tree } = simulation.rig;
    tree.clear();
    expect(blocks.numFree).toBe(blocks.numBlocks);
    // The run met what it was made for.
    const { tally } = simulation;
    expect(Math.min(tally.finished, tally.forks, tally.truncations, tally.cached, tally.copies)).toBeGreaterThan(10);
    if (speculates && config.maxRowsPerStep > 1) {
      expect(tally.accepted).toBeGreaterThan(100);
      expect(tally.drafted - tally.accepted).toBeGreaterThan(20);
    } else expect(tally.drafted).toBe(0);
    if (config.numBlocks === 3 || config.numBlocks === 10) expect(tally.preempted).toBeGreaterThan(5);
    if (config.numBlocks === 3 || config.contextLength <= 60) expect(tally.contextFull).toBeGreaterThan(0);
  });

  it('does the same again for the same seed', () => {
    const [first, second] = [1, 2].map(() => {
      const simulation = new Simulation(99, { numBlocks: 8, maxLogitRows: 4 }, { keepsDigest: true, speculates: true });
      simulation.run(200);
      return simulation.digest;
    });
    expect(first?.length).toBeGreaterThan(200);
    expect(second).toEqual(first);
  });
});
