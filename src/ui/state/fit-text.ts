/**
 * How much of a text fits a number of tokens. It asks whoever can count tokens, as seldom as it can, and knows nothing of models.
 */

/** No tokenizer makes fewer tokens than one for so many characters of text that people read. */
const MAX_CHARS_PER_TOKEN = 16;

/** The text, or its beginning where the whole has more than `maxTokens`; never half of a surrogate pair. */
export async function fitText(
  text: string,
  maxTokens: number,
  numTokens: (text: string) => Promise<number>,
): Promise<string> {
  const candidate = cut(text, maxTokens * MAX_CHARS_PER_TOKEN);
  const total = await numTokens(candidate);
  if (total <= maxTokens) return candidate;
  // Tokens are about equally long all over a text; what is too long still is shortened by as much again.
  let fitting = cut(candidate, Math.floor((candidate.length * maxTokens) / total));
  for (let count = await numTokens(fitting); count > maxTokens; count = await numTokens(fitting)) {
    fitting = cut(fitting, Math.floor((fitting.length * maxTokens * 0.95) / count));
  }
  return fitting;
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const code = text.charCodeAt(length - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? length - 1 : length);
}
