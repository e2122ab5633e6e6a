/**
 * From a request to its drafter: whether tokens are guessed ahead for it, and from which texts. Checks what callers wrote.
 * Knows no scheduler and not how guesses are made.
 */
import type { GenerateRequest } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { CreateDrafter, Drafter } from '../speculation/drafter.ts';
import { NgramDrafter } from '../speculation/ngram-drafter.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { ForcedDrafter } from './forced-tokens.ts';
import type { Prompt } from './prompt.ts';

/** Of all hints together; more takes longer to index than it is likely to save. */
const MAX_HINT_CHARACTERS = 262_144;

const createNgramDrafter: CreateDrafter = (sources) => new NgramDrafter(sources);

/** @param create Default: by n-grams. @returns undefined when the request wants none and forces no tokens @throws InvalidRequest */
export function drafterFor(
  request: GenerateRequest,
  prompt: Prompt,
  tokenizer: Pick<Tokenizer, 'encode'>,
  create: CreateDrafter = createNgramDrafter,
): Drafter | undefined {
  const { hints = [], speculation = 'ngram' } = request;
  checkOptions(hints, speculation);
  const guessing = speculation === 'off' ? undefined : guesser(hints, prompt, tokenizer, create);
  const { forced = [] } = request;
  return forced.length === 0 ? guessing : new ForcedDrafter(forced, guessing);
}

function guesser(
  hints: readonly string[],
  prompt: Prompt,
  tokenizer: Pick<Tokenizer, 'encode'>,
  create: CreateDrafter,
): Drafter {
  const encode = (text: string) => tokenizer.encode(text, { addSpecial: false, parseSpecial: false });
  return create({ prompt: prompt.ids, hints: lastCharacters(hints, MAX_HINT_CHARACTERS).map(encode) });
}

/** The ends of the last texts, together at most `limit` long. */
function lastCharacters(texts: readonly string[], limit: number): readonly string[] {
  const kept: string[] = [];
  let left = limit;
  for (const text of texts.toReversed()) {
    if (left > 0) kept.unshift(text.slice(-left));
    left -= text.length;
  }
  return kept;
}

/** Callers in JavaScript write anything. */
function checkOptions(hints: unknown, speculation: unknown): void {
  if (!Array.isArray(hints) || !hints.every((hint) => typeof hint === 'string')) {
    throw new LinnetError('InvalidRequest', 'hints must be a list of texts; leave it out when there are none.');
  }
  if (speculation !== 'off' && speculation !== 'ngram') {
    throw new LinnetError('InvalidRequest', `speculation is ${String(speculation)}; it must be 'ngram' or 'off'.`);
  }
}
