/**
 * Finds a pre-tokenizer by its name in the file, and cuts text into words with it. It knows no vocabulary; the rules are
 * in the table.
 */
import { LinnetError } from '../errors.ts';
import { PRE_TOKENIZERS, type PreTokenizer } from './pre-tokenizer-table.ts';

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
export function splitWords(text: string, { patterns, numbersInThrees }: PreTokenizer): string[] {
  let pieces = numbersInThrees === true ? cutNumbers(text) : [text];
  for (const pattern of patterns) pieces = pieces.flatMap((piece) => isolateMatches(piece, pattern));
  return pieces;
}

/** A run of digits that no letter follows. */
const NUMBER = /(?<!\p{Nd})\p{Nd}+(?![\p{Alphabetic}\p{M}\p{Nd}\p{Pc}])/gu;

function cutNumbers(text: string): string[] {
  return isolateMatches(text, NUMBER).flatMap((piece) => {
    if (!/^\p{Nd}+$/u.test(piece)) return [piece];
    const digits = [...piece];
    const groups = [digits.slice(0, digits.length % 3).join('')];
    for (let at = digits.length % 3; at < digits.length; at += 3) groups.push(digits.slice(at, at + 3).join(''));
    return groups.filter((group) => group !== '');
  });
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
