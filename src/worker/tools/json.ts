/**
 * JSON, read while it is written: strictly, but that characters which JSON wants escaped in strings may stand there as they are,
 * as models write them; they are told escaped. Knows no calls.
 */
import { Malformed, type Reader, type Reading } from './reader.ts';

/** Is told the JSON, piece by piece. */
export type Tell = (piece: string) => void;

const DEEPEST = 256;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** One value, without space around it. @throws Malformed */
export function* readJson(reader: Reader, tell: Tell, depth = 0): Reading<void> {
  if (depth > DEEPEST) throw new Malformed('JSON too deep');
  const first = yield* reader.peek();
  switch (first) {
    case '{':
      yield* readMembers(reader, tell, '}', function* () {
        yield* readStringText(reader, tell);
        yield* copySpace(reader, tell);
        yield* copy(reader, ':', tell);
        yield* copySpace(reader, tell);
        yield* readJson(reader, tell, depth + 1);
      });
      return;
    case '[':
      yield* readMembers(reader, tell, ']', () => readJson(reader, tell, depth + 1));
      return;
    case '"':
      yield* readStringText(reader, tell);
      return;
    default: {
      const word = yield* reader.while(/[-+.\w]/);
      if (!['true', 'false', 'null'].includes(word) && !NUMBER.test(word))
        throw new Malformed('a JSON value was to come');
      tell(word);
    }
  }
}

/** The value of a JSON string. @throws Malformed */
export function* readString(reader: Reader): Reading<string> {
  let written = '';
  yield* readStringText(reader, (piece) => (written += piece));
  return JSON.parse(written) as string;
}

/** A whole value of JSON. @throws Malformed */
export function* readValue(reader: Reader): Reading<unknown> {
  let written = '';
  yield* readJson(reader, (piece) => (written += piece));
  return JSON.parse(written) as unknown;
}

function* readMembers(reader: Reader, tell: Tell, end: '}' | ']', member: () => Reading<void>): Reading<void> {
  yield* copy(reader, end === '}' ? '{' : '[', tell);
  yield* copySpace(reader, tell);
  if ((yield* reader.peek()) !== end) {
    for (;;) {
      yield* member();
      yield* copySpace(reader, tell);
      if ((yield* reader.peek()) !== ',') break;
      yield* copy(reader, ',', tell);
      yield* copySpace(reader, tell);
    }
  }
  yield* copy(reader, end, tell);
}

function* readStringText(reader: Reader, tell: Tell): Reading<void> {
  yield* copy(reader, '"', tell);
  for (;;) {
    const character = yield* reader.peek();
    if (character === '') throw new Malformed('a JSON string never ended');
    reader.skip();
    if (character === '\\') tell(`\\${yield* readEscape(reader)}`);
    else tell(character < ' ' ? JSON.stringify(character).slice(1, -1) : character);
    if (character === '"') return;
  }
}

/** What stands behind a backslash. */
function* readEscape(reader: Reader): Reading<string> {
  const kind = yield* reader.peek();
  if (kind !== '' && '"\\/bfnrt'.includes(kind)) {
    reader.skip();
    return kind;
  }
  yield* reader.expect('u');
  let code = 'u';
  while (code.length < 5) {
    const digit = yield* reader.peek();
    if (!/^[\da-fA-F]$/.test(digit)) throw new Malformed('four hexadecimal digits were to come');
    reader.skip();
    code += digit;
  }
  return code;
}

function* copy(reader: Reader, text: string, tell: Tell): Reading<void> {
  yield* reader.expect(text);
  tell(text);
}

function* copySpace(reader: Reader, tell: Tell): Reading<void> {
  const space = yield* reader.while(/[ \n\r\t]/);
  if (space !== '') tell(space);
}
