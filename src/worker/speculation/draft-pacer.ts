/**
 * How long a draft may be: longer after drafts that were right, short after others, and none for a while after drafts that
 * were mostly wrong. Counts tokens, not time, so that the same text takes the same steps. Knows no tokens.
 */

/** With the token that is computed in any case these fill passes of four rows, which is how the kernels take them. */
const LENGTHS = [3, 7, 15] as const;
/** Tokens without drafts after a misfire; twice as many after each that is not made up for by a draft that was right. */
const FIRST_REST_TOKENS = 4;
const MAX_REST_TOKENS = 64;

export class DraftPacer {
  #step = 0; // into LENGTHS
  #numMisfires = 0; // less the drafts that were right since
  #restTokens = 0;
  #restN = 0;

  /** Most tokens to draft from a match of `n` tokens: the longer the match, the longer it is trusted. */
  lengthFor(n: number): number {
    // A match longer than those that misled is something new.
    if (this.#restTokens > 0 && n <= this.#restN) return 0;
    const byMatch = n < 6 ? LENGTHS[0] : n < 12 ? LENGTHS[1] : LENGTHS[2];
    return Math.min(byMatch, this.#limit);
  }

  /** The text grew. */
  passed(numTokens: number): void {
    this.#restTokens = Math.max(0, this.#restTokens - numTokens);
  }

  /** A draft from a match of `n` tokens was verified. */
  verified(n: number, numDrafted: number, numAccepted: number): void {
    if (2 * numAccepted < numDrafted) {
      this.#step = 0;
      this.#restN = this.#restTokens > 0 ? Math.max(n, this.#restN) : n;
      this.#restTokens = Math.min(MAX_REST_TOKENS, FIRST_REST_TOKENS * 2 ** this.#numMisfires);
      this.#numMisfires += 1;
      return;
    }
    this.#numMisfires = Math.max(0, this.#numMisfires - 1);
    this.#restTokens = 0;
    if (numAccepted === numDrafted && numDrafted >= this.#limit) {
      this.#step = Math.min(this.#step + 1, LENGTHS.length - 1);
    }
  }

  get #limit(): number {
    return LENGTHS[this.#step] ?? LENGTHS[0];
  }
}
