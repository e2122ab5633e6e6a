/**
 * One sequence of tokens on its way through the model: the tokens with their classes, how many of them have their KV in
 * the cache, and in which blocks. It refuses to know the pool (the scheduler moves references), other sequences, and
 * why anything happens to it.
 */
import type { FinishReason } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { BlockId, SequenceId, TokenClass, TokenId } from '../tokens.ts';

export type SequenceState =
  /** Not admitted yet, or preempted: holds no blocks. */
  | { readonly kind: 'waiting' }
  /** Known tokens are being computed: a prompt, a replay, or what a truncation left. */
  | { readonly kind: 'prefilling' }
  /** Only the token sampled last is not computed. */
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
  readonly numPromptTokens: number;
  readonly state: SequenceState;
  readonly numComputed: number;
  readonly blockTable: BlockId[];
}

export class Sequence {
  readonly id: SequenceId;
  readonly conversation: string | undefined;
  /** Changed by the BlockManager alone. Between steps: [ceil(numComputed / blockTokens)]. */
  readonly blockTable: BlockId[];
  /** Serial number of the step that last had rows of this sequence; 0 for none. */
  lastStep = 0;
  readonly #tokens: TokenId[];
  #classes: TokenClass[];
  #classesAreFixed: boolean;
  #numPromptTokens: number;
  #state: SequenceState;
  #numComputed: number;
  #numCachedTokens: number | undefined;
  #numTruncations = 0;

  constructor(init: SequenceInit) {
    if (init.tokens.length === 0 || init.classes.length !== init.tokens.length) {
      throw new LinnetError('Internal', 'A sequence needs at least one token, and a class for each.');
    }
    if (init.numComputed >= init.tokens.length) {
      throw new LinnetError('Internal', 'The last token of a sequence is always still to be computed.');
    }
    this.id = init.id;
    this.conversation = init.conversation;
    this.blockTable = init.blockTable;
    this.#tokens = [...init.tokens];
    this.#classes = [...init.classes];
    this.#classesAreFixed = init.classesAreFixed;
    this.#numPromptTokens = init.numPromptTokens;
    this.#state = init.state;
    this.#numComputed = init.numComputed;
  }

  get tokens(): readonly TokenId[] {
    return this.#tokens;
  }
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
  get numTokens(): number {
    return this.#tokens.length;
  }
  /** Tokens whose KV is in the cache; the last token's never is between steps. */
  get numComputed(): number {
    return this.#numComputed;
  }
  /** Tokens it was added with, less what a truncation took. */
  get numPromptTokens(): number {
    return this.#numPromptTokens;
  }
  get numGeneratedTokens(): number {
    return this.numTokens - this.#numPromptTokens;
  }
  /** Tokens found in the cache when first admitted; 0 before. */
  get numCachedTokens(): number {
    return this.#numCachedTokens ?? 0;
  }
  get wasAdmitted(): boolean {
    return this.#numCachedTokens !== undefined;
  }
  /** Grows with every truncation: rows scheduled before it are void after it. */
  get numTruncations(): number {
    return this.#numTruncations;
  }
  /**
   * Tokens whose class is history: all but a token that was sampled last. That one was never computed, and when it
   * comes back in a later prompt it is a prompt token.
   */
  get numClassedTokens(): number {
    return this.numGeneratedTokens > 0 ? this.numTokens - 1 : this.numTokens;
  }
  /** Tokens still to compute that one step may hold: a run of one class. */
  get runLength(): number {
    const tokenClass = this.#classes[this.#numComputed];
    let end = this.#numComputed;
    while (end < this.numTokens && this.#classes[end] === tokenClass) end++;
    return end - this.#numComputed;
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

  /** Running -> waiting: its KV is given up, its tokens and classes stay. */
  suspend(): void {
    this.#numComputed = 0;
    this.#state = { kind: 'waiting' };
  }

  /** Forgets that tokens past the first `numTokens` were computed. */
  forgetComputed(numTokens: number): void {
    this.#numComputed = Math.min(this.#numComputed, numTokens);
  }

  /**
   * A step computed the next `numRows` tokens. If the last token was among them, its logits gave the first of `sampled`;
   * each further one was sampled from the row of the one before it, which had been drafted rightly and is computed too.
   */
  advance(numRows: number, sampled: readonly TokenId[]): void {
    const numComputed = this.#numComputed + numRows;
    if (!this.isRunning || numComputed > this.numTokens || (numComputed === this.numTokens) !== sampled.length > 0) {
      throw new LinnetError('Internal', 'Tokens are sampled when, and only when, all others are computed.');
    }
    this.#numComputed = numComputed;
    if (sampled.length === 0) return;
    this.#numComputed += sampled.length - 1;
    this.#tokens.push(...sampled);
    this.#classes.push(...sampled.map(() => 'generated' as const));
    this.#state = { kind: 'decoding' };
  }

  /** Keeps the first `numTokens` tokens, at least one. The last one is computed again, in its class, for its logits. */
  truncate(numTokens: number): void {
    this.#expectLength(numTokens);
    this.#tokens.length = numTokens;
    this.#classes.length = numTokens;
    this.#numPromptTokens = Math.min(this.#numPromptTokens, numTokens);
    this.#numComputed = Math.min(this.#numComputed, numTokens - 1);
    this.#numTruncations++;
    if (this.isRunning) this.#state = { kind: 'prefilling' };
  }

  /** A sequence of the first `numTokens` tokens. `share` makes its block table for the computed ones among them. */
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
      numPromptTokens: Math.min(this.#numPromptTokens, numTokens),
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
    if (!Number.isSafeInteger(numTokens) || numTokens < 1 || numTokens > this.numTokens) {
      const range = `1 to ${String(this.numTokens)}`;
      throw new LinnetError('InvalidRequest', `A sequence can be cut to ${range} tokens, not to ${String(numTokens)}.`);
    }
  }
}
