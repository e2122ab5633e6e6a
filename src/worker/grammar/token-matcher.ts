/**
 * Where in its grammar one answer is, token by token, and which tokens may come next. Knows neither how tokens are drawn nor how
 * grammars are compiled.
 */
import type { TokenId } from '../tokens.ts';
import { LinnetError } from '../errors.ts';
import { grammarError } from './ebnf.ts';
import type { EngineMatcher } from './engine-module.ts';

/** A bit for each token, from the lowest of the first word on: 1 is allowed. */
export type TokenMask = Uint32Array;

export interface MatcherHost {
  /** Of the vocabulary; there may be more logits. */
  readonly numTokens: number;
  readonly isEnd: (id: TokenId) => boolean;
  /** The engine has failed, and nothing that was made in it can be used. */
  readonly hasFailed: () => boolean;
  readonly onFailure: () => void;
}

export class TokenMatcher {
  readonly #matcher: EngineMatcher;
  readonly #host: MatcherHost;
  #isOver = false;
  #isDisposed = false;

  constructor(matcher: EngineMatcher, host: MatcherHost) {
    this.#matcher = matcher;
    this.#host = host;
  }

  /** The end token came: nothing may follow. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes a token of the answer, if it is allowed. */
  accept(id: TokenId): boolean {
    if (this.#isOver) return false;
    const accepted = this.#guarded(() => this.#matcher.acceptToken(id));
    if (accepted && this.#host.isEnd(id)) this.#isOver = true;
    return accepted;
  }

  /** As if the last tokens had not come. */
  rollBack(numTokens: number): void {
    if (numTokens === 0) return;
    this.#guarded(() => {
      this.#matcher.rollBack(numTokens);
    });
    this.#isOver = false;
  }

  /** Which tokens may come next; behind the end none. */
  async mask(): Promise<TokenMask> {
    if (this.#isOver) return new Uint32Array(Math.ceil(this.#host.numTokens / 32));
    try {
      this.#checkEngine();
      const words = await this.#matcher.getNextTokenBitmask();
      return withoutOthers(new Uint32Array(words.buffer, words.byteOffset, words.length), this.#host.numTokens);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  dispose(): void {
    if (!this.#isDisposed && !this.#host.hasFailed()) this.#matcher.dispose();
    this.#isDisposed = true;
  }

  #guarded<Result>(call: () => Result): Result {
    try {
      this.#checkEngine();
      return call();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #checkEngine(): void {
    if (this.#host.hasFailed()) throw new Error('for another grammar');
    if (this.#isDisposed) throw new LinnetError('Internal', 'An answer that is over goes on.');
  }

  #failed(error: unknown): Error {
    if (error instanceof LinnetError) return error;
    this.#host.onFailure();
    return grammarError(`The grammar engine failed (${String(error)}). Try again, with a simpler grammar.`, {
      cause: error,
    });
  }
}

/** The only token that is allowed; `'none'` or `'several'` where there is no such one. */
export function onlyToken(mask: TokenMask): number | 'none' | 'several' {
  let found: number | 'none' = 'none';
  for (const [index, word] of mask.entries()) {
    if (word === 0) continue;
    if (found !== 'none' || (word & (word - 1)) !== 0) return 'several';
    found = index * 32 + 31 - Math.clz32(word);
  }
  return found;
}

/** Beyond the vocabulary the engine says of nothing that it is not allowed. */
function withoutOthers(mask: TokenMask, numTokens: number): TokenMask {
  const last = numTokens >>> 5;
  mask.fill(0, last + 1);
  if (last < mask.length) mask[last] = (mask[last] ?? 0) & (2 ** (numTokens & 31) - 1);
  return mask;
}
