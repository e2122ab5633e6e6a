/**
 * Plain text to token ids, for the two kinds of vocabulary that merge pairs: SPM (scores over characters) and BPE (merge
 * ranks over bytes, or over characters as in gemma4). Special tokens, BOS and space prefixes are dealt with before it is
 * called.
 */
import { LinnetError } from '../errors.ts';
import { toByteCharacters } from './byte-alphabet.ts';
import { mergePairs } from './merge.ts';
import type { PreTokenizer } from './pre-tokenizer-table.ts';
import { splitWords } from './pre-tokenizers.ts';
import type { TokenId } from '../tokens.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Text with no special tokens in it -> ids. */
export type WordEncoder = (text: string) => readonly TokenId[];

export const SPM_SPACE = '\u2581';
const MAX_CACHED_WORDS = 16384;
/** Longer words are rare, and a whole line in vocabularies that do not cut at spaces. In UTF-16 units. */
const MAX_CACHED_LENGTH = 64;
const utf8 = new TextEncoder();

export function createSpmEncoder(vocabulary: Vocabulary): WordEncoder {
  const { kinds, scores } = vocabulary;
  if (scores === undefined) {
    throw new LinnetError('GgufInvalid', 'An SPM vocabulary without tokenizer.ggml.scores cannot be used.');
  }
  /** The id of a piece that text may merge into; control, unknown and byte tokens never come from plain text. */
  const mergeable = (text: string): TokenId | undefined => {
    const id = vocabulary.idOf(text);
    if (id === undefined) return undefined;
    const kind = kinds[id];
    return kind === 'control' || kind === 'unknown' || kind === 'byte' ? undefined : id;
  };
  const priorityOf = (left: string, right: string): number | undefined => {
    const id = mergeable(left + right);
    return id === undefined ? undefined : -(scores[id] ?? 0);
  };
  return (text) =>
    mergePairs([...text.replaceAll(' ', SPM_SPACE)], priorityOf).flatMap((piece) => {
      const id = mergeable(piece);
      return id !== undefined ? [id] : byteTokens(piece, vocabulary, vocabulary.unknownId);
    });
}

/** The tokens `<0xHH>` of the UTF-8 bytes of `piece`; `missing` or nothing for bytes without one. */
function byteTokens(piece: string, vocabulary: Vocabulary, missing: TokenId | undefined): TokenId[] {
  const tokenOf = (byte: number): TokenId | undefined =>
    vocabulary.idOf(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`) ?? missing;
  return Array.from(utf8.encode(piece), tokenOf).filter((id) => id !== undefined);
}

/** `merges`: "left right" strings in the byte alphabet, or as text where the pre-tokenizer says so; best first. */
export function createBpeEncoder(
  vocabulary: Vocabulary,
  merges: readonly string[],
  preTokenizer: PreTokenizer,
): WordEncoder {
  const ranks = new Map<string, number>();
  for (const [rank, merge] of merges.entries()) if (!ranks.has(merge)) ranks.set(merge, rank);
  const priorityOf = (left: string, right: string): number | undefined => ranks.get(`${left} ${right}`);
  const isRawText = preTokenizer.isRawText ?? false;
  const bytesOf = (piece: string): TokenId[] =>
    isRawText
      ? byteTokens(piece, vocabulary, undefined)
      : [...piece].map((character) => vocabulary.idOf(character)).filter((id) => id !== undefined);
  const encodeWord = (word: string): readonly TokenId[] => {
    const symbols = isRawText ? [...word.replaceAll(' ', SPM_SPACE)] : toByteCharacters(word);
    const whole = isTakenWhole(word, preTokenizer) ? vocabulary.idOf(symbols.join('')) : undefined;
    if (whole !== undefined) return [whole];
    return mergePairs(symbols, priorityOf).flatMap((piece) => {
      const id = vocabulary.idOf(piece);
      return id !== undefined ? [id] : bytesOf(piece);
    });
  };
  const cache = new Map<string, readonly TokenId[]>();
  const cachedWord = (word: string): readonly TokenId[] => {
    if (word.length > MAX_CACHED_LENGTH) return encodeWord(word);
    const known = cache.get(word);
    if (known !== undefined) return known;
    const ids = encodeWord(word);
    if (cache.size >= MAX_CACHED_WORDS) cache.clear();
    cache.set(word, ids);
    return ids;
  };
  return (text) => {
    const ids: TokenId[] = [];
    for (const word of splitWords(text, preTokenizer)) for (const id of cachedWord(word)) ids.push(id);
    return ids;
  };
}

function isTakenWhole(word: string, { wholeWordsFirst }: PreTokenizer): boolean {
  return wholeWordsFirst === 'all' || (wholeWordsFirst === 'newlines' && /^\n+$/.test(word));
}
