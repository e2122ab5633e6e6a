/**
 * SentencePiece Unigram, the vocabulary of T5 and XLM-RoBERTa: a text is normalized, and of all ways to cut it into
 * tokens the one with the highest sum of scores is taken (Viterbi, O(n) in the text for a longest token). Special tokens
 * and BOS are dealt with before it is called.
 */
import { LinnetError } from '../errors.ts';
import { ByteTrie } from './byte-trie.ts';
import type { Charsmap } from './charsmap.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import type { Vocabulary } from './vocabulary.ts';
import { SPM_SPACE, type WordEncoder } from './word-encoder.ts';

export interface UnigramOptions {
  readonly charsmap: Charsmap | undefined;
  /** Put a space in front of a text. */
  readonly addSpacePrefix: boolean;
  /** Of several spaces keep one, and none at the ends. */
  readonly removeExtraSpaces: boolean;
}

/** How much worse than the worst token an unknown character is (SentencePiece). */
const UNKNOWN_PENALTY = 10;
const SPACE = 0x20;

const utf8 = new TextEncoder();
const MARKED_SPACE = utf8.encode(SPM_SPACE);

/** Throws GgufInvalid without scores or an unknown token. */
export function createUnigramEncoder(vocabulary: Vocabulary, options: UnigramOptions): WordEncoder {
  const { texts, kinds, scores, unknownId } = vocabulary;
  if (scores === undefined || unknownId === undefined) {
    throw new LinnetError(
      'GgufInvalid',
      'A Unigram vocabulary without tokenizer.ggml.scores and tokenizer.ggml.unknown_token_id cannot be used.',
    );
  }
  const trie = new ByteTrie();
  let lowest = Infinity;
  for (const [id, kind] of kinds.entries()) {
    if (kind === 'normal') lowest = Math.min(lowest, scores[id] ?? 0);
    if (kind === 'normal' || kind === 'userDefined' || kind === 'unused') trie.insert(utf8.encode(texts[id]), id);
  }
  const unknownScore = Math.fround(lowest - UNKNOWN_PENALTY);
  const scoreOf = (id: number): number => (kinds[id] === 'userDefined' ? 0 : (scores[id] ?? 0));

  return (text) => {
    const bytes = normalize(utf8.encode(text), options);
    const best = new Float64Array(bytes.length + 1).fill(-Infinity); // [numBytes + 1] score of the best cut up to here
    const last = new Int32Array(bytes.length + 1).fill(unknownId); // [numBytes + 1] its last token
    const start = new Int32Array(bytes.length + 1); // [numBytes + 1] where that token starts
    best[0] = 0;
    const offer = (id: number, from: number, end: number, score: number): void => {
      if (score <= (best[end] ?? 0)) return;
      best[end] = score;
      last[end] = id;
      start[end] = from;
    };
    for (let at = 0; at < bytes.length;) {
      const next = at + characterLength(bytes, at);
      const soFar = best[at] ?? 0;
      let wholeCharacter = -1;
      trie.match(bytes, at, (id, end) => {
        offer(id, at, end, soFar + scoreOf(id));
        if (end === next) wholeCharacter = id;
      });
      if (wholeCharacter < 0) offer(unknownId, at, next, soFar + unknownScore);
      at = next;
    }
    return readBack(last, start, unknownId);
  };
}

/** The tokens of the best cut, from its end; unknown characters in a row are one unknown token. */
function readBack(last: Int32Array, start: Int32Array, unknownId: TokenId): TokenId[] {
  const ids: TokenId[] = [];
  for (let end = last.length - 1; end > 0; end = start[end] ?? 0) {
    const id = tokenId(last[end] ?? unknownId);
    if (id !== unknownId || ids.at(-1) !== unknownId) ids.push(id);
  }
  return ids.reverse();
}

/** UTF-8 bytes with the rules applied and every space written as U+2581. */
function normalize(text: Uint8Array, { charsmap, addSpacePrefix, removeExtraSpaces }: UnigramOptions): Uint8Array {
  const bytes: number[] = [];
  const pushSpace = (): void => void bytes.push(...MARKED_SPACE);
  let isInWord = false;
  let needsPrefix = addSpacePrefix;
  const push = (byte: number): void => {
    if (byte === SPACE) {
      isInWord = false;
      if (!removeExtraSpaces) pushSpace();
      return;
    }
    if (!isInWord && (needsPrefix || removeExtraSpaces)) pushSpace();
    if (!isInWord) needsPrefix = false;
    isInWord = true;
    bytes.push(byte);
  };
  for (let at = 0; at < text.length;) {
    const rule = charsmap?.replace(text, at);
    const end = rule?.end ?? at + characterLength(text, at);
    for (const byte of rule?.bytes ?? text.subarray(at, end)) push(byte);
    at = end;
  }
  return Uint8Array.from(bytes);
}

/** How many bytes the character at `at` has; its first byte says so, and it does not go past the end. */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return Math.min(length, bytes.length - at);
}
