/**
 * A host that does everything a host may do with a scheduler, at random: arrivals, conversations, forks, truncations, aborts,
 * saved and restored sessions, and lost devices, some of them while steps are in flight, guesses of all qualities, and results that
 * are read at once or some steps late. It throws at the first thing that is wrong: a wrong block, a leak, a text that is not that of
 * a run alone that waits for each token. Knows no test framework.
 */
import { LinnetError } from '../../errors.ts';
import { tokenId, type SequenceId, type TokenClass, type TokenId } from '../../tokens.ts';
import type { ScheduledStep, SchedulerLimits } from '../scheduled-step.ts';
import type { Sequence } from '../sequence.ts';
import type { Draw, ProposeDraft } from '../speculation.ts';
import { expectedKv, makeRig, seededRandom, tokenRange, type TestRig } from './fake-forward.ts';
import { SavedSessions } from './saved-sessions.ts';

const VOCAB = 7; // small, so that unrelated prompts share prefixes by chance
const EOS = tokenId(3);

interface Executed {
  readonly step: ScheduledStep;
  readonly sampled: readonly TokenId[];
}

function unreachable(): never {
  throw new Error('what must be there is not');
}

function isRefused(add: () => void): boolean {
  try {
    add();
    return false;
  } catch (error) {
    return error instanceof LinnetError && error.name === 'ContextFull';
  }
}

/** An `expect` for what is checked a million times. */
function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export class Simulation {
  readonly rig: TestRig;
  readonly sessions: SavedSessions;
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
    ahead: 0,
    ends: 0,
  };
  readonly #random: () => number;
  readonly #targets = new Map<SequenceId, number>();
  /** Positions computed and not lost since, for each sequence. */
  readonly #computed = new Map<SequenceId, Set<number>>();
  readonly #histories = new Map<string, readonly TokenId[]>();
  /** Those that also end at the token `EOS`. */
  readonly #stopping = new Set<SequenceId>();
  /** Run, but not read; the oldest first. */
  readonly #unread: Executed[] = [];
  /** The ids that rows with a pending token were computed with: position to id. */
  readonly #fed = new Map<SequenceId, Map<number, TokenId>>();
  readonly #maxLate: number;
  readonly #keepsDigest: boolean;
  readonly #propose: ProposeDraft | undefined;

  constructor(
    seed: number,
    options: Partial<SchedulerLimits> & { numBlocks: number },
    { keepsDigest = false, speculates = false, maxLate = 0 } = {},
  ) {
    this.#keepsDigest = keepsDigest;
    this.#maxLate = maxLate;
    this.#propose = speculates ? (id, maxTokens) => this.#draft(id, maxTokens) : undefined;
    this.#random = seededRandom(seed);
    this.rig = makeRig({ ...options, vocabSize: VOCAB, maxStepsInFlight: maxLate + 1 });
    this.sessions = new SavedSessions(this.rig, (limit) => this.#below(limit));
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
    this.#read(0);
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
      demand(
        isRefused(() => scheduler.add({ tokens })),
        'a prompt beyond the context is not refused',
      );
      this.#histories.delete(conversation);
      return;
    }
    const classes = tokens.map((): TokenClass => (this.#below(2) === 0 ? 'prompt' : 'generated'));
    const target = 1 + this.#below(40);
    const maxTokens = this.#below(2) === 0 ? tokens.length + target : Infinity;
    const more = kind === 2 ? { conversation } : kind === 1 && this.#below(4) === 0 ? { classes } : {};
    const id = scheduler.add({ tokens, maxTokens, ...more });
    this.#targets.set(id, target);
    if (this.#below(2) === 0) this.#stopping.add(id);
  }

  /** Goes on from a session, with its own classes, as if it had been computed here. */
  #restore(): void {
    const { scheduler } = this.rig;
    const session = this.sessions.restore();
    if (session === undefined || scheduler.sequences.length >= 12) return;
    const more = this.#tokens(1 + this.#below(3));
    const tokens = [...session.tokens, ...more];
    if (tokens.length > scheduler.contextLength) return;
    const classes = [
      ...session.classes,
      ...more.map((): TokenClass => (this.#below(2) === 0 ? 'prompt' : 'generated')),
    ];
    this.#targets.set(scheduler.add({ tokens, classes }), 1 + this.#below(20));
  }

  /** Something that may come at any time, also while steps are in flight. */
  #disturb(): void {
    const { scheduler } = this.rig;
    const { sequences } = scheduler;
    const sequence = sequences[this.#below(sequences.length)];
    const dice = this.#below(100);
    if (dice >= 90) this.sessions.save();
    else if (dice >= 84) this.#restore();
    if (sequence === undefined) return;
    if (dice < 3) this.#finish(sequence, true);
    else if (dice < 8 && sequences.length < 12) {
      const numKnown = sequence.tokens.length;
      const length = this.#below(2) === 0 ? numKnown : 1 + this.#below(numKnown);
      this.#targets.set(scheduler.fork(sequence.id, length), this.#below(40) + 1);
      this.tally.forks++;
    } else if (dice < 13) this.#truncate(sequence);
    scheduler.checkInvariants();
  }

  #truncate(sequence: Sequence): void {
    const length = 1 + this.#below(sequence.tokens.length);
    this.rig.scheduler.truncate(sequence.id, length);
    this.#fed.delete(sequence.id);
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
      this.#noteFed(step);
      this.#unread.push({ step, sampled: forward.run(step.batch) });
      this.#checkKv(step);
      if (mayDisturb && this.#below(200) === 0) {
        forward.wipe();
        scheduler.loseCache();
        this.#computed.clear();
        this.#fed.clear();
        this.#unread.length = 0;
        return;
      }
      if (mayDisturb) this.#disturb();
    }
    const waits = step.batch.rows.length === 0 || step.contextFull.length > 0;
    // Guesses need a known token: a host that has some reads all.
    const readsAll = waits || (this.#propose !== undefined && this.#below(2) === 0);
    this.#read(readsAll ? 0 : this.#below(8) === 0 ? this.#below(this.#maxLate + 1) : this.#maxLate);
    for (const id of step.contextFull) {
      const sequence = scheduler.sequences.find((other) => other.id === id);
      if (sequence === undefined || sequence.numTokens <= scheduler.contextLength) continue;
      this.tally.contextFull++;
      if (mayDisturb && this.#below(2) === 0) this.#truncate(sequence);
      else this.#finish(sequence, false);
    }
  }

  /** Until so many steps are left unread. */
  #read(numLeft: number): void {
    const { scheduler } = this.rig;
    while (this.#unread.length > numLeft) {
      const { step, sampled } = this.#unread.shift() ?? unreachable();
      const draws = scheduler.commit(step, sampled);
      scheduler.checkInvariants();
      this.#checkDraws(draws, step, sampled);
      for (const { id } of draws) this.#endIfDone(scheduler.get(id));
      scheduler.checkInvariants();
    }
  }

  /** At the first token that is an end: as a host does, also when more were drawn behind it. */
  #endIfDone(sequence: Sequence): void {
    const { id, tokens, numPromptTokens, maxTokens } = sequence;
    const last = Math.min(numPromptTokens + (this.#targets.get(id) ?? 0), maxTokens);
    const found = this.#stopping.has(id) ? tokens.indexOf(EOS, numPromptTokens) + 1 : 0;
    const end = Math.min(found > 0 ? found : Infinity, Math.max(last, numPromptTokens + 1));
    if (tokens.length < end) return;
    if (tokens.length > end) this.rig.scheduler.truncate(id, end);
    this.tally.ends++;
    this.#finish(sequence, false);
  }

  #noteFed({ batch, sequences }: ScheduledStep): void {
    const drawn = this.#lastSampled;
    for (const { sequence, token, position } of batch.rows) {
      if (typeof token === 'number') continue;
      const { id } = sequences[sequence] ?? unreachable();
      const fed = this.#fed.get(id) ?? new Map<number, TokenId>();
      this.#fed.set(id, fed.set(position, drawn[token.logitRow] ?? unreachable()));
      this.tally.ahead++;
    }
  }

  /** By the step before. It is unread, or no row has a pending token. */
  get #lastSampled(): readonly TokenId[] {
    return this.#unread.at(-1)?.sampled ?? [];
  }

  #checkStep(step: ScheduledStep): void {
    const { scheduler, blocks } = this.rig;
    const isStuck = step.batch.rows.length === 0 && step.contextFull.length === 0 && this.#unread.length === 0;
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
      const { tokens, classes, maxTokens } = scheduler.get(scheduled.id);
      if (row.position >= tokens.length && typeof row.token === 'number') {
        demand(row.token === scheduled.draft[row.position - tokens.length], 'a row has another token than its draft');
        demand(row.wantLogits && row.tokenClass === 'generated', 'a guess is not verified');
        continue;
      }
      const isPending = typeof row.token !== 'number';
      demand(isPending || row.token === tokens[row.position], 'a row has another token than its sequence');
      demand(isPending === row.position >= tokens.length, 'a row goes on from a token that is known, or too far ahead');
      demand(row.position + 1 < maxTokens, 'a row draws a token beyond the limit');
      demand(row.tokenClass === classes[row.position], 'a row has another class than its token');
      const done = this.#computed.get(scheduled.id) ?? new Set();
      demand(!done.has(row.position), 'a row is computed twice');
      this.#computed.set(scheduled.id, done.add(row.position));
    }
  }

  #checkDraws(draws: readonly Draw[], step: ScheduledStep, sampled: readonly TokenId[]): void {
    for (const { id, firstRow, numTokens, numDrafted } of draws) {
      const { tokens, numComputed, isRunning } = this.rig.scheduler.get(id);
      const fed = this.#fed.get(id);
      for (const [position, token] of fed ?? []) {
        if (position >= tokens.length) continue;
        demand(tokens[position] === token, 'a row was computed with another token than was drawn');
        fed?.delete(position);
      }
      this.tally.drafted += numDrafted;
      this.tally.accepted += numTokens - 1;
      const drawn = sampled.slice(firstRow, firstRow + numTokens);
      demand(drawn.join() === tokens.slice(-numTokens).join(), 'a sequence has other tokens than were drawn');
      for (const [offset, row] of step.logitRows.slice(firstRow, firstRow + numTokens).entries()) {
        demand(row.id === id && row.position === tokens.length - numTokens + offset, 'a row of logits is misplaced');
      }
      const done = this.#computed.get(id);
      if (done === undefined || !isRunning) continue;
      for (let at = numComputed - numTokens + 1; at < numComputed; at++) done.add(at);
    }
  }

  #checkKv(step: ScheduledStep): void {
    for (const [index, { id }] of step.sequences.entries()) {
      const scheduled = step.batch.sequences[index];
      demand(scheduled !== undefined, 'a sequence without a batch entry');
      const sequence = this.rig.scheduler.get(id);
      const tokens = [...sequence.tokens];
      for (let next = this.#fed.get(id)?.get(tokens.length); next !== undefined;) {
        tokens.push(next);
        next = this.#fed.get(id)?.get(tokens.length);
      }
      for (const [position, kv] of expectedKv(tokens.slice(0, scheduled.length), sequence.classes).entries()) {
        const actual = this.rig.forward.kvAt(scheduled.blockTable, position);
        demand(actual === kv, `wrong KV of sequence ${String(id)} at ${String(position)}`);
      }
    }
  }

  #finish(sequence: Sequence, isAbort: boolean): void {
    const { scheduler, forward } = this.rig;
    if (isAbort) scheduler.abort(sequence.id);
    else scheduler.finish(sequence.id, 'stop');
    this.sessions.noteFinished(sequence);
    this.#computed.delete(sequence.id);
    this.#fed.delete(sequence.id);
    this.tally.finished++;
    demand(sequence.numComputed < sequence.numTokens, 'the last token of a finished sequence is computed');
    const end = this.#stopping.has(sequence.id) ? sequence.tokens.indexOf(EOS, sequence.numPromptTokens) : -1;
    demand(end === -1 || end === sequence.numTokens - 1, 'a sequence went on behind its end');
    const kv = expectedKv(sequence.tokens, sequence.classes);
    for (let at = sequence.numPromptTokens; at < sequence.numTokens; at++) {
      demand(sequence.tokens[at] === forward.sample(kv[at - 1] ?? 0), 'not the token of a run alone');
      demand(sequence.classes[at] === 'generated', 'a sampled token is not of class generated');
    }
    if (sequence.conversation !== undefined) this.#histories.set(sequence.conversation, sequence.tokens);
  }
}
