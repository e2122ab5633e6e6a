/**
 * Formats in which a call is a JSON object: between marks or bare, alone or in a list, its keys named so or so. From one description
 * follow how it is read, written and constrained.
 */
import type { ToolDefinition } from '../api.ts';
import type { CallContext, CallSink, ToolFormat, WrittenCall } from './format.ts';
import { readJson, readString, readValue } from './json.ts';
import { Malformed, type Reader, type Reading } from './reader.ts';
import { jsonArguments } from './tag-content.ts';

export interface JsonCalls {
  readonly name: string;
  readonly matches: (template: string) => boolean;
  /** Before the calls; '': an answer that begins as an object may be a call. */
  readonly open: string;
  /** Read like `open`, and never written. */
  readonly alsoOpens?: readonly string[];
  readonly close: string;
  /** All calls stand in one list between the marks; otherwise there are marks around each. */
  readonly isList: boolean;
  /** Between a mark and JSON. */
  readonly padding?: string;
  /** The keys that the model is asked for; `keyed`: the name is the key, and the arguments its value. */
  readonly keys: { readonly name: string; readonly arguments: string } | 'keyed';
}

/** Keys that calls have besides, and that say nothing. */
const IGNORED_KEYS = ['type', 'id', 'tool_call_id'];
const ARGUMENTS_KEYS = ['arguments', 'parameters'];
const NO_ARGUMENTS = '{}';

export function jsonCalls(description: JsonCalls): ToolFormat {
  const { name, matches, open, alsoOpens = [], close, isList, padding = '', keys } = description;
  const isBare = open === '';
  const opens = [...(isBare ? [] : [open]), ...alsoOpens];
  const begin = (tool: string) =>
    keys === 'keyed' ? `{${JSON.stringify(tool)}: ` : `{"${keys.name}": ${JSON.stringify(tool)}, "${keys.arguments}": `;
  const [before, after] = [`${open}${padding}`, `${padding}${close}`];
  return {
    name,
    matches,
    opens,
    ...(isBare ? { opensAnswer: '{' } : {}),
    marks: [...opens, ...(close === '' ? [] : [close])],
    read: (reader, sink, context) => readCalls(reader, sink, context, description),
    write: (calls) => {
      const written = calls.map((call) => `${begin(call.name)}${jsonOf(call)}}`);
      return isList
        ? `${before}[${written.join(', ')}]${after}`
        : written.map((one) => before + one + after).join('\n');
    },
    tags: {
      ...(isList ? { frame: { begin: `${before}[`, separator: ', ', end: `]${after}` } } : {}),
      ...(isBare ? {} : { separator: '\n' }),
      ...(isBare ? {} : { triggers: [open] }),
      tagOf: (tool: ToolDefinition) => {
        const [left, right] = isList ? ['', ''] : [before, after];
        return { begin: left + begin(tool.name), content: jsonArguments(tool), end: `}${right}` };
      },
    },
  };
}

/** With spaces, as Python writes JSON, which models have seen most. */
export function jsonOf({ arguments: values }: WrittenCall): string {
  return spaced(values);
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}: ${spaced(member)}`)
    .join(', ')}}`;
}

function* readCalls(reader: Reader, sink: CallSink, context: CallContext, { close, keys }: JsonCalls): Reading<void> {
  const isBare = context.open === '{';
  const readCall = keys === 'keyed' ? readKeyed : readNamed(keys);
  yield* reader.space();
  if (!isBare && (yield* reader.accepts('['))) {
    do {
      yield* reader.space();
      yield* readCall(reader, sink, context);
      yield* reader.space();
    } while (yield* reader.accepts(','));
    if ((yield* reader.peek()) !== '') yield* reader.expect(']');
  } else {
    // Several bare calls stand side by side, or with semicolons between them.
    do yield* readCall(reader, sink, context);
    while (isBare && (yield* anotherFollows(reader)));
  }
  if (close === '') return;
  const from = reader.position;
  yield* reader.space();
  if (!(yield* reader.accepts(close))) reader.rewind(from);
}

/** Whether another object follows, which then comes next; otherwise nothing is taken. */
function* anotherFollows(reader: Reader): Reading<boolean> {
  const from = reader.position;
  yield* reader.space();
  if (yield* reader.accepts(';')) yield* reader.space();
  if ((yield* reader.peek()) === '{') return true;
  reader.rewind(from);
  return false;
}

/** `{"name": …, "arguments": {…}}`, in either order. */
function readNamed(keys: { readonly name: string; readonly arguments: string }) {
  return function* (reader: Reader, sink: CallSink, { tools, open }: CallContext): Reading<void> {
    const read: { name?: string; hasArguments?: true; early?: string } = {};
    yield* readObject(reader, function* (key) {
      if (key === keys.name && read.name === undefined) {
        read.name = yield* readString(reader);
        // JSON without a mark in front may be an answer like any other.
        if (open === '{' && !tools.has(read.name)) throw new Malformed(`${JSON.stringify(read.name)} is no tool`);
      } else if ((key === keys.arguments || ARGUMENTS_KEYS.includes(key)) && read.hasArguments !== true) {
        read.hasArguments = true;
        const begin = () => {
          if (read.name !== undefined) sink.call(read.name);
        };
        const tell = (piece: string) => {
          if (read.name === undefined) read.early = (read.early ?? '') + piece;
          else sink.arguments(piece);
        };
        yield* readArguments(reader, begin, tell);
      } else if (IGNORED_KEYS.includes(key)) yield* readValue(reader);
      else throw new Malformed(`a call has no ${JSON.stringify(key)}`);
    });
    if (read.name === undefined) throw new Malformed('a call has a name');
    if (read.hasArguments !== true || read.early !== undefined) {
      sink.call(read.name);
      sink.arguments(read.early ?? NO_ARGUMENTS);
    }
    sink.end();
  };
}

/** `{"the name": {…}}` */
function* readKeyed(reader: Reader, sink: CallSink): Reading<void> {
  let numKeys = 0;
  yield* readObject(reader, function* (name) {
    if (++numKeys > 1) throw new Malformed('a call has one name');
    yield* readArguments(
      reader,
      () => {
        sink.call(name);
      },
      (piece) => {
        sink.arguments(piece);
      },
    );
  });
  if (numKeys === 0) throw new Malformed('a call has a name');
  sink.end();
}

/** An object of JSON; or, as some models write it, a string that is the JSON of one; or null, which is none. */
export function* readArguments(reader: Reader, begin: () => void, tell: (piece: string) => void): Reading<void> {
  switch (yield* reader.peek()) {
    case '{':
      begin();
      yield* readJson(reader, tell);
      return;
    case '"': {
      const text = yield* readString(reader);
      if (!isObjectJson(text)) throw new Malformed('arguments are an object');
      begin();
      tell(text);
      return;
    }
    case 'n':
      yield* reader.expect('null');
      begin();
      tell(NO_ARGUMENTS);
      return;
    default:
      throw new Malformed('arguments are an object');
  }
}

function isObjectJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function* readObject(reader: Reader, member: (key: string) => Reading<void>): Reading<void> {
  yield* reader.expect('{');
  yield* reader.space();
  if (yield* reader.accepts('}')) return;
  do {
    yield* reader.space();
    const key = yield* readString(reader);
    yield* reader.space();
    yield* reader.expect(':');
    yield* reader.space();
    yield* member(key);
    yield* reader.space();
  } while (yield* reader.accepts(','));
  yield* reader.expect('}');
}
