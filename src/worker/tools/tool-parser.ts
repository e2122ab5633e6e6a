/**
 * The calls in an answer while it is written: text goes in as it comes, and out come text and calls. However the text is cut, the
 * same comes out. Nothing is lost: what begins as a call and is none is text again. Knows the format, and no tokens.
 */
import type { ToolCall, ToolUse } from '../api.ts';
import type { CallSink, ToolFormat, ToolSet } from './format.ts';
import { lengthOfBeginning, Malformed, Reader, type Reading } from './reader.ts';
import { mostCalls } from './structural-tag.ts';

export type ParsedEvent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'toolCall'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly kind: 'toolArguments'; readonly index: number; readonly text: string }
  | { readonly kind: 'note'; readonly text: string };

export interface ToolParserOptions {
  /** An id that no call of the conversation has. */
  readonly newId: () => string;
  /** The prompt ends within a thought. */
  readonly isThinking: boolean;
}

/** As many calls as there may be are whole. */
class Enough extends Error {}

const THOUGHT = { begin: '<think>', end: '</think>' } as const;

export class ToolParser {
  readonly #reader = new Reader();
  readonly #format: ToolFormat;
  readonly #tools: ToolSet;
  readonly #mostCalls: number;
  readonly #options: ToolParserOptions;
  readonly #reading: Reading<void>;
  readonly #calls: ToolCall[] = [];
  #events: ParsedEvent[] = [];
  /** White space behind the last text: it is dropped where a call follows. */
  #space = '';
  #isBehindCall = false;
  #numBegun = 0;
  /** The call that is being read. */
  #current: { readonly index: number; readonly id: string; readonly name: string; arguments: string } | undefined;
  /** Up to where what was read is told as calls. */
  #toldUpTo = 0;
  #isDone = false;

  constructor(format: ToolFormat, use: ToolUse, options: ToolParserOptions) {
    this.#format = format;
    this.#tools = toolSetOf(use);
    this.#mostCalls = mostCalls(use);
    this.#options = options;
    this.#reading = this.#read();
  }

  /** Those that are whole. */
  get calls(): readonly ToolCall[] {
    return this.#calls;
  }

  /** The answer has all calls that it may have: it ends here. */
  get isDone(): boolean {
    return this.#isDone;
  }

  push(text: string): readonly ParsedEvent[] {
    this.#reader.add(text);
    return this.#resume();
  }

  /** The answer is over. */
  end(): readonly ParsedEvent[] {
    this.#reader.end();
    return this.#resume();
  }

  #resume(): readonly ParsedEvent[] {
    if (!this.#isDone) {
      try {
        this.#reading.next();
      } catch (error) {
        if (!(error instanceof Enough)) throw error;
        this.#isDone = true;
      }
    }
    const events = this.#events;
    this.#events = [];
    return events;
  }

  *#read(): Reading<void> {
    if (this.#format.hasChannels !== true) yield* this.#readThought();
    const { opensAnswer } = this.#format;
    if (opensAnswer !== undefined && (yield* this.#reader.comes(opensAnswer)))
      yield* this.#readCalls(opensAnswer, false);
    for (;;) {
      const open = yield* this.#readText();
      if (open === undefined) return;
      yield* this.#readCalls(open, true);
    }
  }

  /** A thought in front of all, in which no call is looked for. */
  *#readThought(): Reading<void> {
    this.#text(yield* this.#reader.while(/\s/));
    if (!this.#options.isThinking && !(yield* this.#reader.comes(THOUGHT.begin))) return;
    const hasEnd = yield* this.#reader.untilEnd(THOUGHT.end, (piece) => {
      this.#text(piece);
    });
    if (!hasEnd) return;
    this.#text(THOUGHT.end);
    this.#text(yield* this.#reader.while(/\s/));
  }

  /** Text up to what opens calls, which comes next; undefined at the end. */
  *#readText(): Reading<string | undefined> {
    const reader = this.#reader;
    const { opens } = this.#format;
    for (;;) {
      const { ahead } = reader;
      const found = firstOf(ahead, opens);
      const numHeld = reader.hasEnded ? 0 : lengthOfBeginning(ahead, opens);
      const end = found?.at ?? ahead.length - numHeld;
      this.#text(ahead.slice(0, end));
      reader.skip(end);
      reader.forget();
      if (found !== undefined) return found.open;
      if (reader.hasEnded) break;
      yield;
    }
    if (!this.#isBehindCall) this.#tell(this.#space);
    return undefined;
  }

  *#readCalls(open: string, isMark: boolean): Reading<void> {
    const reader = this.#reader;
    const space = this.#space;
    const from = reader.position;
    this.#toldUpTo = from;
    if (isMark) reader.skip(open.length);
    try {
      yield* this.#format.read(reader, this.#sink, { tools: this.#tools, open });
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      if (isMark || this.#current !== undefined)
        this.#note(`What looked like a call of a tool is none, and stands in the text: ${error.message}.`);
      const hadBegun = this.#current !== undefined;
      this.#current = undefined;
      reader.rewind(this.#toldUpTo);
      if (this.#toldUpTo === from) {
        if (this.#space === '') this.#space = space;
        if (isMark) this.#textOf(open);
        if (hadBegun) this.#skipInnerMark();
      }
    }
    reader.forget();
  }

  /** What comes next is text. */
  #textOf(mark: string): void {
    this.#text(mark);
    this.#reader.skip(mark.length);
  }

  /** The mark of a broken call that stands within another is no new call. */
  #skipInnerMark(): void {
    const { ahead } = this.#reader;
    const space = /^\s*/.exec(ahead)?.[0] ?? '';
    const inner = this.#format.opens.find((open) => ahead.startsWith(open, space.length));
    if (inner !== undefined) this.#textOf(space + inner);
  }

  readonly #sink: CallSink = {
    call: (name) => {
      if (!this.#tools.has(name)) this.#note(`The model calls ${name}, which is none of the tools that it was given.`);
      this.#space = '';
      this.#current = { index: this.#numBegun++, id: this.#options.newId(), name, arguments: '' };
      const { index, id } = this.#current;
      this.#events.push({ kind: 'toolCall', index, id, name });
    },
    arguments: (piece) => {
      const current = this.#current;
      if (current === undefined || piece === '') return;
      current.arguments += piece;
      const last = this.#events.at(-1);
      if (last?.kind === 'toolArguments') this.#events[this.#events.length - 1] = { ...last, text: last.text + piece };
      else this.#events.push({ kind: 'toolArguments', index: current.index, text: piece });
    },
    end: () => {
      if (this.#current === undefined) return;
      const { id, name, arguments: written } = this.#current;
      this.#calls.push({ id, name, arguments: written });
      this.#current = undefined;
      this.#isBehindCall = true;
      this.#toldUpTo = this.#reader.position;
      if (this.#calls.length >= this.#mostCalls) throw new Enough();
    },
    text: (piece) => {
      this.#text(piece);
      this.#toldUpTo = this.#reader.position;
    },
  };

  /** Tells text but for the space at its end. */
  #text(piece: string): void {
    const all = this.#space + piece;
    const text = all.trimEnd();
    this.#space = all.slice(text.length);
    this.#tell(text);
  }

  #tell(text: string): void {
    if (text === '') return;
    this.#isBehindCall = false;
    const last = this.#events.at(-1);
    if (last?.kind === 'text') this.#events[this.#events.length - 1] = { kind: 'text', text: last.text + text };
    else this.#events.push({ kind: 'text', text });
  }

  #note(text: string): void {
    this.#events.push({ kind: 'note', text });
  }
}

/** The mark that comes first; of several in one place the longest. */
function firstOf(text: string, marks: readonly string[]): { readonly at: number; readonly open: string } | undefined {
  let first: { readonly at: number; readonly open: string } | undefined;
  for (const open of marks) {
    const at = text.indexOf(open);
    if (at < 0) continue;
    if (first === undefined || at < first.at || (at === first.at && open.length > first.open.length))
      first = { at, open };
  }
  return first;
}

function toolSetOf({ tools }: ToolUse): ToolSet {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return {
    has: (name) => byName.has(name),
    schemaOf: (name, argument) => {
      const properties = byName.get(name)?.parameters?.['properties'];
      if (typeof properties !== 'object' || properties === null || !Object.hasOwn(properties, argument))
        return undefined;
      return (properties as Readonly<Record<string, unknown>>)[argument];
    },
  };
}
