/**
 * Prompt lookup: guesses that a text goes on as it did the last time its last few tokens occurred, in itself, in its prompt
 * or in texts that its author was hinted at. No weights, no GPU. How often that is worth a try is the pacer's part.
 */
import type { TokenId } from '../tokens.ts';
import { DraftPacer } from './draft-pacer.ts';
import type { Drafter, DraftSources } from './drafter.ts';
import { NgramIndex } from './ngram-index.ts';

/** Shorter n-grams recur by chance, longer ones tell no more apart. */
const NGRAM_SIZES = [3, 6, 12, 24] as const;
/** Of hints, prompt and output together: some 3 MB at most. */
const MAX_TOKENS = 65_536;

export class NgramDrafter implements Drafter {
  readonly #index: NgramIndex;
  readonly #pacer = new DraftPacer();
  #lastN = 0;

  constructor({ prompt, hints }: DraftSources, maxTokens = MAX_TOKENS) {
    this.#index = new NgramIndex(NGRAM_SIZES, maxTokens);
    for (const hint of hints) this.#append(hint);
    this.#append(prompt);
  }

  push(tokens: readonly TokenId[]): void {
    this.#append(tokens);
    this.#pacer.passed(tokens.length);
  }

  propose(maxTokens: number): readonly TokenId[] {
    const match = this.#index.match();
    if (match === undefined) return [];
    this.#lastN = match.n;
    const length = Math.min(maxTokens, this.#pacer.lengthFor(match.n));
    const draft: TokenId[] = [];
    for (let i = 0; i < length; i++) {
      // Past the text's end its last period goes on.
      const token = this.#index.at(match.next + i) ?? draft[match.next + i - this.#index.length];
      if (token === undefined) break;
      draft.push(token);
    }
    return draft;
  }

  verified(numDrafted: number, numAccepted: number): void {
    if (numDrafted > 0) this.#pacer.verified(this.#lastN, numDrafted, numAccepted);
  }

  #append(tokens: readonly TokenId[]): void {
    for (const token of tokens) this.#index.push(token);
  }
}
