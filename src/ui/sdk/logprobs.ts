/** Log-probabilities of tokens in the two shapes that OpenAI has for them. */
import type { TokenLogprob } from '../../worker/api.ts';
import type { ChatLogprobs, CompletionLogprobs, TopLogprob } from './openai-types.ts';
import type { TokenReport } from './samples.ts';

export function chatLogprobs(tokens: readonly TokenReport[]): ChatLogprobs {
  return {
    content: tokens.map(({ chosen, top }) => ({ ...describe(chosen), top_logprobs: top.map(describe) })),
    refusal: null,
  };
}

/** @param firstOffset Where the first token's text begins in the answer. */
export function completionLogprobs(tokens: readonly TokenReport[], firstOffset: number): CompletionLogprobs {
  let offset = firstOffset;
  const offsets = tokens.map(({ chosen }) => {
    const start = offset;
    offset += chosen.text.length;
    return start;
  });
  return {
    tokens: tokens.map(({ chosen }) => nameOf(chosen)),
    token_logprobs: tokens.map(({ chosen }) => chosen.logprob),
    top_logprobs: tokens.map(({ top }) => Object.fromEntries(top.map((token) => [nameOf(token), token.logprob]))),
    text_offset: offsets,
  };
}

function describe({ text, bytes, logprob }: TokenLogprob): TopLogprob {
  return { token: text, bytes: [...bytes], logprob };
}

/** Parts of a character would all be called the same: they are told by their bytes, as OpenAI does. */
function nameOf({ text, bytes }: TokenLogprob): string {
  if (!text.includes('\ufffd')) return text;
  return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
}
