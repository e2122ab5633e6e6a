/**
 * From rendered conversations to token ids, so that what a model has already computed can be used again: a next turn
 * whose text goes on where the last one ended keeps the last one's ids. It knows nothing of messages and templates.
 */
import { createDetokenizer, type Detokenizer } from './detokenizer.ts';
import type { TokenId } from '../tokens.ts';
import type { Tokenizer } from './tokenizer.ts';

/** The text of a prompt and reply, and the ids the model has seen for it. */
export interface RenderedIds {
  readonly text: string;
  readonly ids: readonly TokenId[];
}

export interface ContinuedIds extends RenderedIds {
  readonly ids: TokenId[];
  /** How many ids at the start are those of the previous rendering. */
  readonly numCommon: number;
}

/** The ids of a rendered prompt: special tokens parsed, BOS in front where the model wants it and the text has none. */
export function encodePrompt(tokenizer: Tokenizer, text: string): TokenId[] {
  const { bosId } = tokenizer;
  const ids = tokenizer.encode(text, { addSpecial: false, parseSpecial: true });
  return tokenizer.addBos && bosId !== undefined && ids[0] !== bosId ? [bosId, ...ids] : ids;
}

/**
 * The ids of `nextText`. Where it goes on from `previous.text` (which must be what the previous ids stand for: a prompt
 * and the reply generated after it, without an end token that is not in the text), they are the previous ids and those
 * of the rest. Otherwise everything is encoded anew, and `numCommon` says how far the ids agree all the same.
 */
export function continueRendering(previous: RenderedIds, nextText: string, tokenizer: Tokenizer): ContinuedIds {
  const boundary = previous.text.length;
  const after = previous.ids.at(-1);
  if (after !== undefined && nextText.startsWith(previous.text) && !isCutAt(tokenizer, nextText, boundary)) {
    const rest = nextText.slice(boundary);
    const ids = [...previous.ids, ...tokenizer.encode(rest, { addSpecial: false, parseSpecial: true, after })];
    return { text: nextText, ids, numCommon: previous.ids.length };
  }
  const ids = encodePrompt(tokenizer, nextText);
  return { text: nextText, ids, numCommon: lengthOfCommonPrefix(previous.ids, ids) };
}

/**
 * Shows a reply that follows `promptIds`. After a special token SPM puts a space in front of the text, which is not
 * part of it; without that space, rendering the reply again gives the ids that were generated.
 * @param shown Control tokens whose text is shown.
 */
export function createReplyDetokenizer(
  tokenizer: Tokenizer,
  promptIds: readonly TokenId[],
  shown: ReadonlySet<TokenId> = new Set(),
): Detokenizer {
  const last = promptIds.at(-1);
  const atStart = last === undefined || tokenizer.specialId(tokenizer.tokenText(last)) === last;
  return createDetokenizer(tokenizer, { atStart, special: shown });
}

/** Neither a special token nor a character may lie on both sides of the boundary. */
function isCutAt(tokenizer: Tokenizer, text: string, at: number): boolean {
  const isPair = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, at - 1), at + 1));
  return isPair || tokenizer.specialSpans(text, at);
}

function lengthOfCommonPrefix(a: readonly TokenId[], b: readonly TokenId[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
