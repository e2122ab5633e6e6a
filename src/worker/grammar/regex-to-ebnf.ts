/**
 * Regular expressions (JavaScript's notation, as JSON Schema's `pattern` has it) as EBNF: a whole text that matches, or what
 * stands between the quotes of a JSON string that does. What EBNF has no words for is refused by name.
 */
import {
  charClass,
  complement,
  grammarError,
  intersection,
  literal,
  normalRanges,
  repeated,
  type CharRanges,
} from './ebnf.ts';

/** How one character of a set is written in the text that is to match. */
export type WriteChar = (ranges: CharRanges) => string;

export interface RegexOptions {
  readonly write: WriteChar;
  /** Whether a match somewhere in the text is enough, where no `^` or `$` says otherwise. Default: the whole text matches. */
  readonly anywhere?: boolean;
}

const ALL: CharRanges = complement([]);
const DIGITS: CharRanges = [[0x30, 0x39]];
const WORD: CharRanges = [...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
// prettier-ignore
const SPACE: CharRanges = [
  [0x09, 0x0d], [0x20, 0x20], [0xa0, 0xa0], [0x1680, 0x1680], [0x2000, 0x200a], [0x2028, 0x2029], [0x202f, 0x202f],
  [0x205f, 0x205f], [0x3000, 0x3000], [0xfeff, 0xfeff],
];
const LINE_ENDS: CharRanges = [[0x0a, 0x0a], [0x0d, 0x0d], [0x2028, 0x2029]]; // prettier-ignore
const CLASSES: Readonly<Record<string, CharRanges>> = { d: DIGITS, w: WORD, s: SPACE };
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, '0': 0 };
/** Deeper groups would overflow the engine's stack. */
const MAX_DEPTH = 32;

/** A character as it is. */
export const writeRaw: WriteChar = (ranges) => charClass(ranges);

/** A character of a JSON string: as it is, or escaped where it must be. */
export const writeInJson: WriteChar = (ranges) => {
  const escapes: string[] = [];
  for (let code = 0; code < 0x80; code++) {
    const character = String.fromCharCode(code);
    const written = JSON.stringify(character).slice(1, -1);
    if (written !== character && ranges.some(([first, last]) => first <= code && code <= last))
      escapes.push(literal(written));
  }
  const plain = intersection(ranges, [[0x20, 0x21], [0x23, 0x5b], [0x5d, 0x10ffff]]); // prettier-ignore
  const options = plain.length === 0 ? escapes : [charClass(plain), ...escapes];
  return options.length === 1 ? (options[0] ?? '') : `(${options.join(' | ')})`;
};

/** @throws GrammarFailed */
export function regexToEbnf(pattern: string, { write, anywhere = false }: RegexOptions): string {
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    throw grammarError(error instanceof Error ? `${error.message}.` : `${pattern} is no regular expression.`, {
      cause: error,
    });
  }
  return new RegexReader(pattern, write, anywhere).read();
}

class RegexReader {
  readonly #pattern: string;
  readonly #characters: readonly string[];
  readonly #write: WriteChar;
  readonly #around: string;
  #at = 0;
  #depth = 0;

  constructor(pattern: string, write: WriteChar, anywhere: boolean) {
    this.#pattern = pattern;
    this.#characters = [...pattern];
    this.#write = write;
    this.#around = anywhere ? `${write(ALL)}*` : '';
  }

  read(): string {
    const branches = [this.#topBranch()];
    while (this.#take('|')) branches.push(this.#topBranch());
    return branches.join(' | ');
  }

  /** Of the whole expression: here alone a `^` or `$` may stand. */
  #topBranch(): string {
    const parts: string[] = [];
    if (!this.#take('^') && this.#around !== '') parts.push(this.#around);
    parts.push(...this.#parts());
    if (!this.#take('$') && this.#around !== '') parts.push(this.#around);
    if (this.#next !== undefined && this.#next !== '|') throw this.#unsupported('something behind $');
    return joined(parts);
  }

  #parts(): readonly string[] {
    const parts: string[] = [];
    for (let next = this.#next; next !== undefined && next !== '|' && next !== ')'; next = this.#next) {
      if (next === '$' && this.#depth === 0) break;
      parts.push(this.#quantified(this.#atom()));
    }
    return parts;
  }

  #group(): string {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw this.#unsupported(`more than ${String(MAX_DEPTH)} groups inside each other`);
    const branches = [joined(this.#parts())];
    while (this.#take('|')) branches.push(joined(this.#parts()));
    this.#at += 1; // the bracket, which the check of the syntax has seen
    this.#depth -= 1;
    return `(${branches.join(' | ')})`;
  }

  #atom(): string {
    const character = this.#advance();
    switch (character) {
      case '(':
        if (this.#take('?')) this.#openGroup();
        return this.#group();
      case '[':
        return this.#one(this.#set());
      case '.':
        return this.#one(complement(LINE_ENDS));
      case '^':
      case '$':
        throw this.#unsupported(`${character} in the middle`);
      case '\\':
        return this.#one(this.#escape());
      default:
        return this.#one([codeOf(character)]);
    }
  }

  /** What stands behind `(?` of a group without conditions. */
  #openGroup(): void {
    if (this.#take(':')) return;
    const kind = this.#advance();
    const isNamed = kind === '<' && this.#next !== '=' && this.#next !== '!';
    if (!isNamed) throw this.#unsupported(`(?${kind}`);
    while (this.#advance() !== '>');
  }

  #one(ranges: CharRanges): string {
    const normal = normalRanges(ranges);
    if (normal.length === 0) throw this.#unsupported('a set of no characters');
    return this.#write(normal);
  }

  #set(): CharRanges {
    const negated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    while (!this.#take(']')) {
      const first = this.#setMember();
      const isRange = this.#next === '-' && this.#characters[this.#at + 1] !== ']' && first.length === 1;
      if (isRange) {
        this.#at += 1;
        ranges.push([first[0]?.[0] ?? 0, this.#setMember()[0]?.[1] ?? 0]);
      } else {
        ranges.push(...first);
      }
    }
    return negated ? complement(ranges) : normalRanges(ranges);
  }

  #setMember(): CharRanges {
    const character = this.#advance();
    if (character !== '\\') return [codeOf(character)];
    if (this.#take('b')) return [[8, 8]];
    return this.#escape();
  }

  #escape(): CharRanges {
    const character = this.#advance();
    const lower = character.toLowerCase();
    const known = CLASSES[lower];
    if (known !== undefined) return character === lower ? known : complement(known);
    const control = CONTROLS[character];
    if (control !== undefined) return [[control, control]];
    if (character === 'x') return this.#hex(2);
    if (character === 'u') {
      if (!this.#take('{')) return this.#hex(4);
      let hex = '';
      while (!this.#take('}')) hex += this.#advance();
      return [[parseInt(hex, 16), parseInt(hex, 16)]];
    }
    if (/[a-z0-9]/i.test(character)) throw this.#unsupported(`\\${character}`);
    return [codeOf(character)];
  }

  #hex(numDigits: number): CharRanges {
    const code = parseInt(Array.from({ length: numDigits }, () => this.#advance()).join(''), 16);
    if (code >= 0xd800 && code <= 0xdfff) throw this.#unsupported('half of a surrogate pair');
    return [[code, code]];
  }

  #quantified(atom: string): string {
    const bounds = this.#bounds();
    if (bounds === undefined) return atom;
    this.#take('?'); // lazy or not, the same texts match
    const [least, most] = bounds;
    return repeated(atom, least, most);
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    if (!this.#take('{')) return undefined;
    let text = '';
    while (!this.#take('}')) text += this.#advance();
    const [least = '', most] = text.split(',');
    return [Number(least), most === undefined ? Number(least) : most === '' ? Infinity : Number(most)];
  }

  get #next(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(character: string): boolean {
    if (this.#next !== character) return false;
    this.#at += 1;
    return true;
  }

  #advance(): string {
    const character = this.#next;
    if (character === undefined) throw this.#unsupported('its end');
    this.#at += 1;
    return character;
  }

  #unsupported(what: string): Error {
    return grammarError(`The regular expression /${this.#pattern}/ has ${what}, which a grammar cannot follow.`);
  }
}

function codeOf(character: string): readonly [number, number] {
  const code = character.codePointAt(0) ?? 0;
  return [code, code];
}

function joined(parts: readonly string[]): string {
  return parts.length === 0 ? '""' : parts.join(' ');
}
