/**
 * Plain text to token ids, for the two kinds of vocabulary: SPM (scores over characters) and byte-level BPE (merge
 * ranks over bytes). Special tokens, BOS and space prefixes are dealt with before it is called.
 */
import { LinnetError } from '../errors.ts';
import { toByteCharacters } from './byte-alphabet.ts';
import { mergePairs } from './merge.ts';
import { splitWords, type PreTokenizer } from './pre-tokenizers.ts';
import type { TokenId } from '../tokens.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Text with no special tokens in it -> ids. */
export type WordEncoder = (text: string) => readonly TokenId[];

export const SPM_SPACE = '\u2581';
const MAX_CACHED_WORDS = 16384;
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
  const byteToken = (byte: number): TokenId | undefined =>
    vocabulary.idOf(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`) ?? vocabulary.unknownId;
  return (text) =>
    mergePairs([...text.replaceAll(' ', SPM_SPACE)], priorityOf).flatMap((piece) => {
      const id = mergeable(piece);
      return id !== undefined ? [id] : Array.from(utf8.encode(piece), byteToken).filter((t) => t !== undefined);
    });
}

/** `merges`: "left right" strings in the byte alphabet, best first. */
export function createBpeEncoder(
  vocabulary: Vocabulary,
  merges: readonly string[],
  preTokenizer: PreTokenizer,
): WordEncoder {
  const ranks = new Map<string, number>();
  for (const [rank, merge] of merges.entries()) if (!ranks.has(merge)) ranks.set(merge, rank);
  const priorityOf = (left: string, right: string): number | undefined => ranks.get(`${left} ${right}`);
  const encodeWord = (word: string): readonly TokenId[] => {
    const symbols = toByteCharacters(word);
    const whole = preTokenizer.wholeWordsFirst === true ? vocabulary.idOf(symbols.join('')) : undefined;
    if (whole !== undefined) return [whole];
    return mergePairs(symbols, priorityOf).flatMap((piece) => {
      const id = vocabulary.idOf(piece);
      return id !== undefined ? [id] : [...piece].map((c) => vocabulary.idOf(c)).filter((t) => t !== undefined);
    });
  };
  const cache = new Map<string, readonly TokenId[]>();
  return (text) => {
    const ids: TokenId[] = [];
    for (const word of splitWords(text, preTokenizer)) {
      let wordIds = cache.get(word);
      if (wordIds === undefined) {
        wordIds = encodeWord(word);
        if (cache.size >= MAX_CACHED_WORDS) cache.clear();
        cache.set(word, wordIds);
      }
      for (const id of wordIds) ids.push(id);
    }
    return ids;
  };
}
