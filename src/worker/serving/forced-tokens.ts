/**
 * Answers whose first tokens are given: they are drawn with a bias that nothing outweighs and proposed as guesses, which are
 * then all right, so that a step takes many of them. Their log-probabilities are the model's own, as of every token. Knows no scheduler.
 */
import type { GenerateRequest } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { ResolvedSamplingParams } from '../sampling/params.ts';
import type { Drafter } from '../speculation/drafter.ts';
import { tokenId, type TokenId } from '../tokens.ts';

/** More than any two logits differ by, and little enough that penalties of any size leave it finite. */
const FORCING_BIAS = 1e9;

/** @throws InvalidRequest for ids that are none, or more of them than the answer may have */
export function checkForced({ forced = [], maxTokens = Infinity }: GenerateRequest, vocabSize: number): void {
  const bad = forced.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (bad !== undefined) {
    const range = `ids go from 0 to ${String(vocabSize - 1)}`;
    throw new LinnetError('InvalidRequest', `forced has ${String(bad)}, which is no token of this model; ${range}.`);
  }
  if (forced.length > maxTokens) {
    const numbers = `${String(forced.length)} tokens and maxTokens is ${String(maxTokens)}`;
    throw new LinnetError('InvalidRequest', `forced has ${numbers}; it must have no more than that.`);
  }
}

/** The parameters with which an answer's token is drawn, the first having index 0. */
export function paramsAt(
  params: ResolvedSamplingParams,
  { forced = [] }: GenerateRequest,
  index: number,
): ResolvedSamplingParams {
  const id = forced[index];
  return id === undefined ? params : { ...params, temperature: 0, logitBias: [{ id, value: FORCING_BIAS }] };
}

export class ForcedDrafter implements Drafter {
  readonly #forced: readonly TokenId[];
  /** Guesses what comes behind them. */
  readonly #behind: Drafter | undefined;
  #numKnown = 0;

  constructor(forced: readonly number[], behind: Drafter | undefined) {
    this.#forced = forced.map((id) => tokenId(id));
    this.#behind = behind;
  }

  push(tokens: readonly TokenId[]): void {
    this.#numKnown += tokens.length;
    this.#behind?.push(tokens);
  }

  propose(maxTokens: number): readonly TokenId[] {
    if (this.#isForced) return this.#forced.slice(this.#numKnown, this.#numKnown + Math.max(0, maxTokens));
    return this.#behind?.propose(maxTokens) ?? [];
  }

  verified(numDrafted: number, numAccepted: number): void {
    if (!this.#isForced) this.#behind?.verified(numDrafted, numAccepted);
  }

  get #isForced(): boolean {
    return this.#numKnown < this.#forced.length;
  }
}
