/**
 * How likely a model finds a text, and which of several it finds likeliest: log-probabilities of given tokens, by generations
 * that are forced to say them. Knows no shape of OpenAI's.
 */
import type { ModelHandle, TokenLogprob } from '../../worker/api.ts';
import type { CallOptions, EngineClient } from '../client.ts';
import { invalid } from './request-error.ts';
import { gather, runSamples } from './samples.ts';

/** Behind what a text is scored. */
export interface ScoreOptions extends CallOptions {
  /** What stands before the text: a text, or ids if the text is ids. Default: what the model wants at the start of a text. */
  readonly given?: string | readonly number[];
}

/** How likely a text is. */
export interface Score {
  /** Sum of the log-probabilities (natural logarithms): 0 is certain. */
  readonly logprob: number;
  /** Of each token in turn. */
  readonly tokens: readonly TokenLogprob[];
}

/** Which of several texts is the likeliest. */
export interface Selection {
  /** Of the likeliest choice. */
  readonly index: number;
  readonly choice: string;
  /** Of all choices, in their order. */
  readonly scores: readonly Score[];
}

interface Split {
  readonly given: readonly number[];
  readonly text: readonly number[];
}

/** @throws RequestError where there is no token, or none before it; LinnetError `ContextFull`, `Aborted` ... */
export async function score(
  client: EngineClient,
  model: ModelHandle,
  text: string | readonly number[],
  { given, signal }: ScoreOptions,
): Promise<Score> {
  const split = await splitOf(client, model, text, given);
  const request = {
    model,
    input: { kind: 'tokens', ids: split.given },
    forced: split.text,
    maxTokens: split.text.length,
    ignoreEos: true,
    speculation: 'off',
    sampling: { topLogprobs: 0, temperature: 0, repetitionPenalty: 1 },
  } as const;
  const [sample] = await gather(runSamples(client, [request], signal === undefined ? {} : { signal }));
  const tokens = sample?.tokens.map(({ chosen }) => chosen) ?? [];
  return { tokens, logprob: tokens.reduce((sum, { logprob }) => sum + logprob, 0) };
}

/** Where a token would lie on both sides of the border, the text begins with that token. */
async function splitOf(
  client: EngineClient,
  model: ModelHandle,
  text: string | readonly number[],
  given: ScoreOptions['given'],
): Promise<Split> {
  if (typeof text !== 'string') {
    if (typeof given === 'string') throw invalid('given', given, 'a list of token ids, as the text is');
    return checked({ given: given ?? [], text });
  }
  if (given !== undefined && typeof given !== 'string') throw invalid('given', given, 'a text, as the other text is');
  const [before, all] = await Promise.all([
    client.tokenize(model, given ?? '', { asPrompt: true }),
    client.tokenize(model, (given ?? '') + text, { asPrompt: true }),
  ]);
  const differ = before.findIndex((id, i) => id !== all[i]);
  const border = differ < 0 ? before.length : differ;
  return checked({ given: all.slice(0, border), text: all.slice(border) });
}

function checked(split: Split): Split {
  if (split.text.length === 0) throw invalid('text', '', 'a token at least');
  if (split.given.length > 0) return split;
  throw invalid('given', '', 'a token at least, since this model has none that starts a text');
}

/** The likeliest of several texts behind `given`, by the sum of their log-probabilities; of equals the first. */
export async function select(
  client: EngineClient,
  model: ModelHandle,
  choices: readonly string[],
  options: ScoreOptions,
): Promise<Selection> {
  // Together, so that a step verifies tokens of several.
  const scores = await Promise.all(choices.map((choice) => score(client, model, choice, options)));
  const index = scores.reduce((best, { logprob }, i) => (logprob > (scores[best]?.logprob ?? -Infinity) ? i : best), 0);
  const choice = choices[index];
  if (choice === undefined) throw invalid('choices', choices, 'one text at least');
  return { index, choice, scores };
}
