/**
 * One sequence of tokens on its way through the model: the tokens with their classes, how many of them have their KV in
 * the cache, and in which blocks. Behind the tokens that are known stand the pending ones, which steps on their way draw.
 * It refuses to know the pool (the scheduler moves references), other sequences, and why anything happens to it.
 */
import type { FinishReason } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { BlockId, SequenceId, TokenClass, TokenId } from '../tokens.ts';
import type { PendingToken } from './batch.ts';

export type SequenceState =
  /** Not admitted yet, or preempted: holds no blocks. */
  | { readonly kind: 'waiting' }
  /** Known tokens are being computed: a prompt, a replay, or what a truncation left. */
  | { readonly kind: 'prefilling' }
  /** Only the token sampled last is not computed; it may be pending. */
  | { readonly kind: 'decoding' }
  | { readonly kind: 'finished'; readonly reason: FinishReason };

interface SequenceInit {
  readonly id: SequenceId;
  /** Not empty. */
  readonly tokens: readonly TokenId[];
  readonly classes: readonly TokenClass[];
  /** False while the cache may still say with which classes it knows these tokens. */
  readonly classesAreFixed: boolean;
  readonly conversation: string | undefined;
  /** Its next row waits until the token before it is known. */
  readonly isReadAtOnce: boolean;
  readonly numPromptTokens: number;
  /** It goes no further than so many tokens. */
  readonly maxTokens: number;
  readonly state: SequenceState;
  readonly numComputed: number;
  readonly blockTable: BlockId[];
}

/** A step that draws what follows a sequence: from which row of its logits, and behind how many guesses. */
export interface ScheduledDraw {
  readonly logitRow: number;
  readonly numDrafts: number;
}

export class Sequence {
  readonly id: SequenceId;
  readonly conversation: string | undefined;
  readonly isReadAtOnce: boolean;
  readonly maxTokens: number;
  /** Changed by the BlockManager alone. Between steps: [ceil(numComputed / blockTokens)], and more while it verifies. */
  readonly blockTable: BlockId[];
  #lastStep = 0;
  readonly #tokens: TokenId[];
  #classes: TokenClass[];
  #classesAreFixed: boolean;
  #numPromptTokens: number;
  #state: SequenceState;
  #numComputed: number;
  #numCachedTokens: number | undefined;
  #numTruncations = 0;
  #numPending = 0;
  #lastDraw: ScheduledDraw | undefined;

  constructor(init: SequenceInit) {
    if (init.tokens.length === 0 || init.classes.length !== init.tokens.length) {
      throw new LinnetError('Internal', 'A sequence needs at least one token, and a class for each.');
    }
    if (init.numComputed >= init.tokens.length) {
      throw new LinnetError('Internal', 'The last token of a sequence is always still to be computed.');
    }
    this.id = init.id;
    this.conversation = init.conversation;
    this.isReadAtOnce = init.isReadAtOnce;
    this.maxTokens = init.maxTokens;
    this.blockTable = init.blockTable;
    this.#tokens = [...init.tokens];
    this.#classes = [...init.classes];
    this.#classesAreFixed = init.classesAreFixed;
    this.#numPromptTokens = init.numPromptTokens;
    this.#state = init.state;
    this.#numComputed = init.numComputed;
  }

  /** Those that are known. */
  get tokens(): readonly TokenId[] {
    return this.#tokens;
  }
  /** Of all tokens, the pending ones too. */
  get classes(): readonly TokenClass[] {
    return this.#classes;
  }
  /** The classes, where they are settled; undefined while a match by ids alone may settle them. */
  get fixedClasses(): readonly TokenClass[] | undefined {
    return this.#classesAreFixed ? this.#classes : undefined;
  }
  get state(): SequenceState {
    return this.#state;
  }
  get isRunning(): boolean {
    return this.#state.kind === 'prefilling' || this.#state.kind === 'decoding';
  }
  /** With the pending ones. */
  get numTokens(): number {
    return this.#tokens.length + this.#numPending;
  }
  /** Tokens that steps on their way draw. What a step draws behind guesses counts as one. */
  get numPending(): number {
    return this.#numPending;
  }
  /** A step on its way verifies guesses: how many tokens it gives is known when it has been read. */
  get isVerifying(): boolean {
    return this.#numPending > 0 && (this.#lastDraw?.numDrafts ?? 0) > 0;
  }
  /** Tokens whose KV is in the cache, or will be by steps on their way; the last token's never is. */
  get numComputed(): number {
    return this.#numComputed;
  }
  /** Of these, the ones that are known. */
  get numKnownComputed(): number {
    return Math.min(this.#numComputed, this.#tokens.length);
  }
  /** Serial number of the step that last had rows of this sequence; 0 for none. */
  get lastStep(): number {
    return this.#lastStep;
  }
  /** Tokens it was added with, less what a truncation took. */
  get numPromptTokens(): number {
    return this.#numPromptTokens;
  }
  /** Of those that are known. */
  get numGeneratedTokens(): number {
    return this.#tokens.length - this.#numPromptTokens;
  }
  /** Tokens found in the cache when first admitted; 0 before. */
  get numCachedTokens(): number {
    return this.#numCachedTokens ?? 0;
  }
  get wasAdmitted(): boolean {
    return this.#numCachedTokens !== undefined;
  }
  /** Grows with every truncation: tokens drawn by steps scheduled before it are void after it. */
  get numTruncations(): number {
    return this.#numTruncations;
  }
  /**
   * Tokens whose class is history: all but a token that was sampled last. That one was never computed, and when it
   * comes back in a later prompt it is a prompt token.
   */
  get numClassedTokens(): number {
    return this.numGeneratedTokens > 0 ? this.#tokens.length - 1 : this.#tokens.length;
  }
  /** Tokens still to compute that one step may hold: a run of one class. */
  get runLength(): number {
    const tokenClass = this.#classes[this.#numComputed];
    let end = this.#numComputed;
    while (end < this.numTokens && this.#classes[end] === tokenClass) end++;
    return end - this.#numComputed;
  }

  /** Whether a step behind step `lastSerial` can have its next rows: its tokens must be known, or lie where that step left them. */
  canFollow(lastSerial: number): boolean {
    if (this.isVerifying || this.numTokens >= this.maxTokens) return false;
    return this.#numPending === 0 || (!this.isReadAtOnce && this.#lastStep === lastSerial);
  }

  /** The token at a position of `numTokens`. */
  tokenAt(position: number): TokenId | PendingToken {
    const token = this.#tokens[position] ?? (position === this.numTokens - 1 ? this.#lastDraw : undefined);
    if (token === undefined) throw new LinnetError('Internal', `There is no token at ${String(position)}.`);
    return typeof token === 'number' ? token : { logitRow: token.logitRow };
  }

  /** waiting -> prefilling, with `numCached` tokens in the cache already, computed with `cachedClasses`. */
  admit(numCached: number, cachedClasses: readonly TokenClass[]): void {
    this.#expect('waiting');
    if (!this.#classesAreFixed) this.#classes.splice(0, numCached, ...cachedClasses.slice(0, numCached));
    this.#classesAreFixed = true;
    this.#numComputed = numCached;
    this.#numCachedTokens ??= numCached;
    this.#state = { kind: 'prefilling' };
  }

  /** Running -> waiting: its KV is given up, its tokens and classes stay, and pending ones come. */
  suspend(): void {
    this.#numComputed = 0;
    this.#state = { kind: 'waiting' };
  }

  /** Forgets that tokens past the first `numTokens` were computed; where it runs, it computes them again. */
  forgetComputed(numTokens: number): void {
    this.#numComputed = Math.min(this.#numComputed, numTokens);
    if (this.isRunning && this.#numComputed < this.numTokens - 1) this.#state = { kind: 'prefilling' };
  }

  /** Step `serial` is on its way and computes the next `numRows` tokens; if the last one is among them, it draws what follows. */
  schedule(serial: number, numRows: number, draw: ScheduledDraw | undefined): void {
    const numComputed = this.#numComputed + numRows;
    const isLast = numComputed === this.numTokens;
    if (!this.isRunning || this.isVerifying || numComputed > this.numTokens || isLast !== (draw !== undefined)) {
      throw new LinnetError('Internal', 'Tokens are sampled when, and only when, all others are computed.');
    }
    this.#lastStep = serial;
    this.#numComputed = numComputed;
    if (draw === undefined) return;
    this.#lastDraw = draw;
    this.#numPending += 1;
    this.#classes.push('generated');
    this.#state = { kind: 'decoding' };
  }

  /**
   * The first pending token is known. Each further one of `sampled` was drawn from the row of the one before it, which had
   * been drafted rightly and is computed too.
   */
  receive(sampled: readonly TokenId[]): void {
    if (this.#numPending === 0 || sampled.length === 0 || (sampled.length > 1 && !this.isVerifying)) {
      throw new LinnetError('Internal', 'A sequence gets the tokens that a step drew for it, and no others.');
    }
    this.#numPending -= 1;
    this.#tokens.push(...sampled);
    this.#classes.push(...sampled.slice(1).map(() => 'generated' as const));
    if (this.isRunning) this.#numComputed += sampled.length - 1;
  }

  /** Tokens that nobody needs to draw: known as if they had been, and computed with the rows to come. */
  append(tokens: readonly TokenId[]): void {
    if (this.#numPending > 0) throw new LinnetError('Internal', 'A sequence grows behind a token that is known.');
    this.#tokens.push(...tokens);
    this.#classes.push(...tokens.map(() => 'generated' as const));
    this.forgetComputed(this.#numComputed);
  }

  /** What steps on their way draw is not wanted: as if they had never had rows of the last token and of pending ones. */
  dropPending(): void {
    this.#numPending = 0;
    this.#classes.length = this.#tokens.length;
    this.#numComputed = Math.min(this.#numComputed, this.#tokens.length - 1);
  }

  /** Keeps the first `numTokens` known tokens, at least one. The last one is computed again, in its class, for its logits. */
  truncate(numTokens: number): void {
    this.#expectLength(numTokens);
    this.dropPending();
    this.#tokens.length = numTokens;
    this.#classes.length = numTokens;
    this.#numPromptTokens = Math.min(this.#numPromptTokens, numTokens);
    this.#numComputed = Math.min(this.#numComputed, numTokens - 1);
    this.#numTruncations++;
    if (this.isRunning) this.#state = { kind: 'prefilling' };
  }

  /** A sequence of the first `numTokens` known tokens. `share` makes its block table for the computed ones among them. */
  fork(id: SequenceId, numTokens: number, share: (numComputed: number) => BlockId[]): Sequence {
    this.#expectLength(numTokens);
    const numComputed = Math.min(this.#numComputed, numTokens - 1);
    const sameState = this.#state.kind === 'waiting' || numTokens === this.numTokens;
    return new Sequence({
      id,
      tokens: this.#tokens.slice(0, numTokens),
      classes: this.#classes.slice(0, numTokens),
      classesAreFixed: this.#classesAreFixed,
      conversation: undefined,
      isReadAtOnce: this.isReadAtOnce,
      numPromptTokens: Math.min(this.#numPromptTokens, numTokens),
      maxTokens: Infinity,
      state: sameState ? this.#state : { kind: 'prefilling' },
      numComputed,
      blockTable: share(numComputed),
    });
  }

  finish(reason: FinishReason): void {
    this.#state = { kind: 'finished', reason };
  }

  #expect(kind: SequenceState['kind']): void {
    if (this.#state.kind !== kind) {
      throw new LinnetError('Internal', `A sequence should be ${kind}, but is ${this.#state.kind}.`);
    }
  }

  #expectLength(numTokens: number): void {
    if (!Number.isSafeInteger(numTokens) || numTokens < 1 || numTokens > this.#tokens.length) {
      const range = `1 to ${String(this.#tokens.length)}`;
      throw new LinnetError('InvalidRequest', `A sequence can be cut to ${range} tokens, not to ${String(numTokens)}.`);
    }
  }
}
