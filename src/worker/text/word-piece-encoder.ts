/**
 * WordPiece, the vocabulary of BERT: text is lower-cased and stripped of accents, cut at white space and around each
 * punctuation mark and Chinese character, and a word is the longest pieces from left to right, or unknown as a whole.
 * In GGUF files the first piece of a word carries U+2581, and a continuation carries nothing (no `##`).
 *
 * Where llama.cpp and the original BERT differ, this follows llama.cpp, for that is what GGUF files are made and
 * measured with: of a character's canonical decomposition only the base is kept (a Hangul syllable becomes its leading
 * consonant), every kind of mark is an accent, and a word may have any length.
 */
import { LinnetError } from '../errors.ts';
import type { TokenId } from '../tokens.ts';
import type { Vocabulary } from './vocabulary.ts';
import { SPM_SPACE, type WordEncoder } from './word-encoder.ts';

export interface WordPieceOptions {
  /** Default of the files: true. */
  readonly lowerCase: boolean;
  /** Default of the files: as `lowerCase`. */
  readonly stripAccents: boolean;
}

export function createWordPieceEncoder(vocabulary: Vocabulary, options: WordPieceOptions): WordEncoder {
  const { unknownId } = vocabulary;
  if (unknownId === undefined) {
    throw new LinnetError(
      'GgufInvalid',
      'A WordPiece vocabulary without tokenizer.ggml.unknown_token_id cannot be used.',
    );
  }
  let longest = 0;
  for (const text of vocabulary.texts) longest = Math.max(longest, text.length);
  return (text) => splitBertWords(text, options).flatMap((word) => piecesOf(word, vocabulary, longest) ?? [unknownId]);
}

/** The longest pieces from left to right; undefined where no piece fits. `longest` in UTF-16 units. */
function piecesOf(word: string, vocabulary: Vocabulary, longest: number): TokenId[] | undefined {
  const marked = SPM_SPACE + word;
  const ids: TokenId[] = [];
  for (let at = 0; at < marked.length;) {
    let end = Math.min(marked.length, at + longest);
    let id = vocabulary.idOf(marked.slice(at, end));
    while (id === undefined && end > at + 1) id = vocabulary.idOf(marked.slice(at, --end));
    if (id === undefined) return undefined;
    ids.push(id);
    at = end;
  }
  return ids;
}

const WHITE_SPACE = /\p{White_Space}/u;
const DROPPED = /[\0\ufffd\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u;
const MARK = /\p{M}/u;
/** Every character of these is a word: punctuation, the ASCII symbols, and CJK ideographs (not kana, not Hangul). */
const ALONE =
  /[\p{P}$+<=>^`|~\u{4e00}-\u{9fff}\u{3400}-\u{4dbf}\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{f900}-\u{faff}\u{2f800}-\u{2fa1f}]/u;

/** Normalizes a text and cuts it into words. */
export function splitBertWords(text: string, { lowerCase, stripAccents }: WordPieceOptions): string[] {
  const words: string[] = [];
  let word = '';
  const finish = (): void => {
    if (word !== '') words.push(word);
    word = '';
  };
  for (const original of text) {
    const character = stripAccents ? baseOf(original) : original;
    if (WHITE_SPACE.test(character)) {
      finish();
      continue;
    }
    if (DROPPED.test(character) || (stripAccents && MARK.test(character))) continue;
    const normalized = lowerCase ? character.toLowerCase() : character;
    if (ALONE.test(character)) {
      finish();
      words.push(normalized);
    } else {
      word += normalized;
    }
  }
  finish();
  return words;
}

/** The first character of the canonical decomposition. */
function baseOf(character: string): string {
  if (character < '\u0080') return character;
  const decomposed = character.normalize('NFD');
  return String.fromCodePoint(decomposed.codePointAt(0) ?? 0xfffd);
}
