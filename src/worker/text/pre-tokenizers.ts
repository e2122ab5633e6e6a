/**
 * How byte-level BPE vocabularies cut text into words before merging: one row per value of `tokenizer.ggml.pre`.
 * It knows no vocabulary. White space is spelled \p{White_Space} because JavaScript's \s has U+FEFF in it and U+0085
 * not, unlike the engines these vocabularies were trained with.
 */
import { LinnetError } from '../errors.ts';

export interface PreTokenizer {
  /** Each cuts every piece of the one before into matches and what lies between them. */
  readonly patterns: readonly RegExp[];
  /** A word that is a token already is not merged. */
  readonly wholeWordsFirst?: boolean;
  /** Put BOS in front unless the file says otherwise. */
  readonly addBos?: boolean;
  /** The reference detokenizer removes the space before punctuation (`decode` with `cleanUpSpaces`). */
  readonly cleanUpSpaces?: boolean;
}

const S = '\\p{White_Space}';
const NOT_S = '\\P{White_Space}';
const CONTRACTION = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const SPACES = `${S}*[\\r\\n]+|${S}+(?!${NOT_S})|${S}+`;

const GPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${S}\\p{L}\\p{N}]+|${S}+(?!${NOT_S})|${S}+`;
/** The family of llama-bpe and qwen2: they differ in how many digits make a word, and in whether marks are letters. */
const modern = (digits: string, marks = ''): string =>
  `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}${marks}]+|${digits}| ?[^${S}\\p{L}${marks}\\p{N}]+[\\r\\n]*|${SPACES}`;
const NOT_LOWER = '(?:(?=\\p{L})[^a-z])';
const NOT_UPPER = '(?:(?=\\p{L})[^A-Z])';
/** The family of gpt-4o and tekken: words are also cut where an ASCII lower-case letter is followed by an upper-case one. */
const cased = (suffix: string, digits: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?${NOT_LOWER}*${NOT_UPPER}+${suffix}|[^\\r\\n\\p{L}\\p{N}]?${NOT_LOWER}+${NOT_UPPER}*${suffix}|` +
  `${digits}| ?[^${S}\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`;

const compile = (...sources: readonly string[]): readonly RegExp[] => sources.map((source) => new RegExp(source, 'gu'));

const gpt2 = { patterns: compile(GPT2), cleanUpSpaces: true };
const digitsApart = { patterns: compile('\\p{N}', GPT2) };
const threeDigits = { patterns: compile(modern('\\p{N}{1,3}')), cleanUpSpaces: true };
const llama3 = { ...threeDigits, wholeWordsFirst: true, addBos: true };
const qwen2 = { patterns: compile(modern('\\p{N}')) };
const gpt4o = { patterns: compile(cased(`${CONTRACTION}?`, '\\p{N}{1,3}')) };

const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map<string, PreTokenizer>([
  ['gpt-2', gpt2],
  ['phi-2', gpt2],
  ['llama-bpe', llama3],
  ['llama3', llama3],
  ['lfm2', llama3],
  ['dbrx', threeDigits],
  ['qwen2', qwen2],
  ['deepseek-r1-qwen', qwen2],
  ['qwen35', { patterns: compile(modern('\\p{N}', '\\p{M}')) }],
  ['smollm', digitsApart],
  ['starcoder', { ...digitsApart, cleanUpSpaces: true }],
  ['command-r', digitsApart],
  ['gpt-4o', gpt4o],
  ['llama4', gpt4o],
  ['tekken', { patterns: compile(cased('', '\\p{N}')), wholeWordsFirst: true }],
]);

/** The pre-tokenizer called `name`. Throws UnsupportedTokenizer, naming it and what there is. */
export function preTokenizerNamed(name: string | undefined): PreTokenizer {
  const found = name === undefined ? undefined : PRE_TOKENIZERS.get(name);
  if (found !== undefined) return found;
  const supported = [...PRE_TOKENIZERS.keys()].join(', ');
  const what =
    name === undefined ? 'The file does not name its pre-tokenizer' : `The pre-tokenizer "${name}" is unknown`;
  throw new LinnetError(
    'UnsupportedTokenizer',
    `${what} (tokenizer.ggml.pre). Guessing would give wrong text; use a file with one of: ${supported}.`,
  );
}

/** Cuts `text` into words; joined they are `text` again. */
export function splitWords(text: string, { patterns }: PreTokenizer): string[] {
  let pieces = [text];
  for (const pattern of patterns) pieces = pieces.flatMap((piece) => isolateMatches(piece, pattern));
  return pieces;
}

function isolateMatches(text: string, pattern: RegExp): string[] {
  const pieces: string[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) pieces.push(text.slice(end, match.index));
    if (match[0] !== '') pieces.push(match[0]);
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}
