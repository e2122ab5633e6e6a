/**
 * The seam of speculation: something that guesses what a text goes on with. A wrong guess costs rows of a step, never a
 * token of the text. Pure and synchronous; one drafter per text. Knows no sequences, no scheduler, no sampling.
 */
import type { TokenId } from '../tokens.ts';

export interface Drafter {
  /** The text grew by these tokens. */
  push(tokens: readonly TokenId[]): void;
  /** At most `maxTokens` guesses of the text's next tokens, in order; none where there is nothing to go by. */
  propose(maxTokens: number): readonly TokenId[];
  /** Of the last proposal the first `numDrafted` tokens were verified, and the first `numAccepted` of them were right. */
  verified(numDrafted: number, numAccepted: number): void;
}

/** What a text can be guessed from before it has begun. */
export interface DraftSources {
  readonly prompt: readonly TokenId[];
  /** Texts it may repeat, the likeliest last. */
  readonly hints: readonly (readonly TokenId[])[];
}

export type CreateDrafter = (sources: DraftSources) => Drafter;
