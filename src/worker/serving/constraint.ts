/**
 * One answer under a grammar: which tokens may be drawn next, and behind each guess of the tokens before. What may be drawn depends
 * on all tokens of the answer and on nothing else, so a text is the same however many of them a step gives. Knows no scheduler, no GPU.
 */
import type { GenerateRequest } from '../api.ts';
import { LinnetError } from '../errors.ts';
import { onlyToken, type TokenMask, type TokenMatcher } from '../grammar/token-matcher.ts';
import type { ModelGrammars } from '../grammar/model-grammars.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import { shownMarks, type Prompt } from './prompt.ts';

export class Constraint {
  readonly #matcher: TokenMatcher;
  readonly #tokenizer: Tokenizer;
  /** The last tokens, for what is said when nothing is allowed. */
  readonly #taken: TokenId[] = [];
  #mask: TokenMask | undefined;
  #draft: readonly TokenId[] = [];
  #masksBehind: readonly TokenMask[] = [];

  constructor(matcher: TokenMatcher, tokenizer: Tokenizer) {
    this.#matcher = matcher;
    this.#tokenizer = tokenizer;
  }

  /** Guesses that are allowed, from `setDraft`. */
  get draft(): readonly TokenId[] {
    return this.#draft;
  }

  /** Whether what may come next is known. */
  get isPrepared(): boolean {
    return this.#mask !== undefined;
  }

  /** Finds out what may come next. Returns the token, where there is but one. @throws GrammarFailed when nothing is allowed */
  async prepare(): Promise<TokenId | undefined> {
    this.#mask ??= await this.#matcher.mask();
    const only = onlyToken(this.#mask);
    if (only === 'none') throw this.#nothingAllowed();
    return only === 'several' ? undefined : tokenId(only);
  }

  /** Of guesses of the tokens to come, those that are allowed, up to an end, are kept, with what may come behind each. */
  async setDraft(proposed: readonly TokenId[]): Promise<void> {
    const draft: TokenId[] = [];
    const masks: TokenMask[] = [];
    let numAccepted = 0;
    try {
      for (const id of proposed) {
        if (this.#tokenizer.isEndOfGeneration(id) || !this.#matcher.accept(id)) break;
        numAccepted++;
        const mask = await this.#matcher.mask();
        if (onlyToken(mask) === 'none') break; // said when the text has come there
        draft.push(id);
        masks.push(mask);
      }
    } finally {
      this.#matcher.rollBack(numAccepted);
    }
    this.#draft = draft;
    this.#masksBehind = masks;
  }

  /** What may be drawn behind the first `numDrafts` guesses. */
  maskBehind(numDrafts: number): TokenMask {
    const mask = numDrafts === 0 ? this.#mask : this.#masksBehind[numDrafts - 1];
    if (mask === undefined) throw new LinnetError('Internal', 'A token is drawn before it is known what may be.');
    return mask;
  }

  /** The next token of the answer. */
  take(id: TokenId): void {
    if (!this.#matcher.accept(id)) throw new LinnetError('Internal', `The token ${String(id)} is not allowed.`);
    this.#taken.push(id);
    if (this.#taken.length > 8) this.#taken.shift();
    this.#mask = undefined;
    this.#draft = [];
    this.#masksBehind = [];
  }

  /** @throws InvalidRequest when an answer that begins with these tokens is not allowed */
  checkForced(forced: readonly number[]): void {
    const refused = forced.findIndex((id) => !this.#matcher.accept(tokenId(id)));
    this.#matcher.rollBack(refused === -1 ? forced.length : refused);
    if (refused === -1) return;
    throw new LinnetError('InvalidRequest', `The grammar does not allow forced[${String(refused)}] there.`);
  }

  dispose(): void {
    this.#matcher.dispose();
  }

  #nothingAllowed(): LinnetError {
    const before = this.#tokenizer.decode(this.#taken, { special: false, keepLeadingSpace: true });
    const where = this.#taken.length === 0 ? 'at the start of the answer' : `behind “${before}”`;
    return new LinnetError(
      'GrammarFailed',
      `The grammar allows none of this model's tokens ${where}. Check the grammar.`,
    );
  }
}

/** The constraint of a request that has a grammar. To be disposed of. @throws GrammarFailed, BlockedByPolicy, InvalidRequest */
export async function constraintFor(
  { grammar, ignoreEos, forced = [] }: GenerateRequest,
  prompt: Prompt,
  grammars: ModelGrammars | undefined,
  tokenizer: Tokenizer,
): Promise<Constraint | undefined> {
  if (grammar === undefined) return undefined;
  if (ignoreEos === true)
    throw new LinnetError('InvalidRequest', 'An answer under a grammar ends where that ends: leave ignoreEos out.');
  if (grammars === undefined) {
    throw new LinnetError('GrammarFailed', 'This build of the engine has no grammars. Use the package or the page.');
  }
  const constraint = new Constraint(await grammars.matcherFor(grammar, shownMarks(prompt, tokenizer)), tokenizer);
  try {
    constraint.checkForced(forced);
  } catch (error) {
    constraint.dispose();
    throw error;
  }
  return constraint;
}
