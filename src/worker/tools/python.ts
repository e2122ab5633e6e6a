/**
 * Values as Python writes them, read while they are written, and told as JSON. Words of JSON are read too. Knows no calls.
 */
import { Malformed, type Reader, type Reading } from './reader.ts';

const WORDS: ReadonlyMap<string, string> = new Map([
  ['True', 'true'],
  ['true', 'true'],
  ['False', 'false'],
  ['false', 'false'],
  ['None', 'null'],
  ['null', 'null'],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
  ['a', '\x07'],
  ['0', '\0'],
  ['\n', ''],
]);
const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);

/** The JSON of one value. @throws Malformed */
export function* readPython(reader: Reader): Reading<string> {
  const first = yield* reader.peek();
  switch (first) {
    case '"':
    case "'":
      return JSON.stringify(yield* readText(reader, first));
    case '[':
    case '(': {
      const items = yield* readItems(reader, first === '[' ? ']' : ')', () => readPython(reader));
      return `[${items.join(', ')}]`;
    }
    case '{': {
      const members = yield* readItems(reader, '}', () => readMember(reader));
      return `{${members.join(', ')}}`;
    }
    default: {
      const word = yield* reader.while(/[-+.\w]/);
      const json = WORDS.get(word) ?? numberJson(word);
      if (json === undefined) throw new Malformed('a value was to come');
      return json;
    }
  }
}

/** A Python text, with its quotes. */
function* readText(reader: Reader, quote: string): Reading<string> {
  reader.skip();
  let text = '';
  for (;;) {
    const character = yield* reader.peek();
    if (character === '') throw new Malformed('a text never ended');
    reader.skip();
    if (character === quote) return text;
    text += character === '\\' ? yield* readEscape(reader) : character;
  }
}

function* readEscape(reader: Reader): Reading<string> {
  const kind = yield* reader.peek();
  reader.skip();
  const numDigits = HEX_LENGTHS.get(kind);
  // Python keeps the backslash in front of what it does not know.
  if (numDigits === undefined) return ESCAPES.get(kind) ?? ('\\\'"'.includes(kind) ? kind : `\\${kind}`);
  let digits = '';
  while (digits.length < numDigits) {
    const digit = yield* reader.peek();
    if (!/^[\da-fA-F]$/.test(digit)) throw new Malformed('hexadecimal digits were to come');
    reader.skip();
    digits += digit;
  }
  const code = parseInt(digits, 16);
  if (code > 0x10ffff) throw new Malformed('there is no such character');
  return String.fromCodePoint(code);
}

function* readMember(reader: Reader): Reading<string> {
  const key = yield* readPython(reader);
  if (!key.startsWith('"')) throw new Malformed('a key is a text');
  yield* reader.space();
  yield* reader.expect(':');
  yield* reader.space();
  return `${key}: ${yield* readPython(reader)}`;
}

/** Items between brackets; a comma may stand behind the last. */
export function* readItems<T>(reader: Reader, end: string, item: () => Reading<T>): Reading<readonly T[]> {
  reader.skip();
  const items: T[] = [];
  for (;;) {
    yield* reader.space();
    if (yield* reader.accepts(end)) return items;
    items.push(yield* item());
    yield* reader.space();
    if (!(yield* reader.accepts(','))) {
      yield* reader.expect(end);
      return items;
    }
  }
}

function numberJson(word: string): string | undefined {
  if (!/^[-+]?(\d[\d_]*)?\.?\d*([eE][-+]?\d+)?$/.test(word) || !/\d/.test(word)) return undefined;
  const value = Number(word.replaceAll('_', ''));
  // Digits that a number of JavaScript would lose stay as they are.
  if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(word)) return word;
  return Number.isFinite(value) ? String(value) : undefined;
}

/** A value as Python writes it. */
export function pythonOf(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}: ${pythonOf(member)}`)
    .join(', ')}}`;
}
