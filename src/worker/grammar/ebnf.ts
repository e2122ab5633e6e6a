/**
 * How EBNF is written for the grammar engine: texts, sets of characters, and the error for what cannot be written. Knows neither
 * schemas nor regular expressions.
 */
import { LinnetError } from '../errors.ts';

/** Code points, both ends included; ascending, no two touch. */
export type CharRanges = readonly (readonly [first: number, last: number])[];

const LAST_CODE_POINT = 0x10ffff;
const utf8 = new TextEncoder();

export function grammarError(message: string, options?: ErrorOptions): LinnetError {
  return new LinnetError('GrammarFailed', message, options);
}

/** A text as it stands, quoted. */
export function literal(text: string): string {
  return `"${[...text].map((character) => escaped(character.codePointAt(0) ?? 0)).join('')}"`;
}

/**
 * One character of a set. Beyond ASCII it is written by its bytes in UTF-8: the engine takes what stands in a set for bytes, and what
 * a set is not, for any bytes at all.
 */
export function charClass(ranges: CharRanges): string {
  const ascii = intersection(ranges, [[0, 0x7f]]);
  const written = ascii.map(([first, last]) =>
    first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`,
  );
  const longer = intersection(ranges, [[0x80, LAST_CODE_POINT]]).flatMap(([first, last]) => utf8Sequences(first, last));
  const options = [...(written.length === 0 ? [] : [`[${written.join('')}]`]), ...longer];
  return options.length === 1 && longer.length === 0 ? (options[0] ?? '') : `(${options.join(' | ')})`;
}

/** `part` so many times. @param most Infinity: no end */
export function repeated(part: string, least: number, most: number): string {
  if (least === 1 && most === 1) return part;
  const one = isOne(part) ? part : `(${part})`;
  if (least === 0 && most === 1) return `${one}?`;
  if (most !== Infinity) return `${one}{${String(least)},${String(most)}}`;
  return least === 0 ? `${one}*` : least === 1 ? `${one}+` : `${one}{${String(least)},}`;
}

/** What needs no brackets: a set of characters or a rule's name. */
function isOne(part: string): boolean {
  return /^(\[[^\]]*\]|\w+)$/.test(part);
}

/** Sorted, with what overlaps or touches made one. */
export function normalRanges(ranges: CharRanges): CharRanges {
  const result: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = result.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else result.push([first, last]);
  }
  return result;
}

/** All characters but those. Halves of surrogate pairs are none. */
export function complement(ranges: CharRanges): CharRanges {
  const result: [number, number][] = [];
  let next = 0;
  for (const [first, last] of normalRanges([...ranges, [0xd800, 0xdfff]])) {
    if (next < first) result.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST_CODE_POINT) result.push([next, LAST_CODE_POINT]);
  return result;
}

export function intersection(a: CharRanges, b: CharRanges): CharRanges {
  return complement([...complement(a), ...complement(b)]);
}

function escaped(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  if (/[a-zA-Z0-9 ]/.test(character)) return character;
  const hex = codePoint.toString(16);
  return codePoint > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}

/** The bytes of the characters in a range beyond ASCII that holds no half of a surrogate pair. */
function utf8Sequences(first: number, last: number): readonly string[] {
  for (const end of [0x7ff, 0xffff]) {
    if (first <= end && end < last) return [...utf8Sequences(first, end), ...utf8Sequences(end + 1, last)];
  }
  // Where one more byte may be anything, all before it must be the same for the whole range.
  for (const bits of [6, 12, 18]) {
    const size = 2 ** bits;
    if (Math.floor(first / size) === Math.floor(last / size)) break;
    if (first % size !== 0) {
      const end = (Math.floor(first / size) + 1) * size - 1;
      return [...utf8Sequences(first, end), ...utf8Sequences(end + 1, last)];
    }
    if (last % size !== size - 1) {
      const end = Math.floor(last / size) * size - 1;
      return [...utf8Sequences(first, end), ...utf8Sequences(end + 1, last)];
    }
  }
  const [from, to] = [first, last].map((codePoint) => utf8.encode(String.fromCodePoint(codePoint)));
  return [[...(from ?? [])].map((byte, i) => byteRange(byte, to?.[i] ?? byte)).join(' ')];
}

/** A single byte is written twice: alone it would be taken for the character of that number. */
function byteRange(first: number, last: number): string {
  const range = `\\x${first.toString(16)}-\\x${last.toString(16)}`;
  return first === last ? `[${range}${range}]` : `[${range}]`;
}
