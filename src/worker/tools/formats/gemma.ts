/**
 * `<|tool_call>call:name{key:<|"|>text<|"|>,other:1}<tool_call|>`: Gemma 4; and the same between other marks: FunctionGemma. Texts stand
 * between marks of their own, in which nothing is escaped.
 */
import { argumentsGrammar } from '../ebnf.ts';
import type { CallSink, ToolFormat } from '../format.ts';
import { readItems } from '../python.ts';
import { readString } from '../json.ts';
import { Malformed, type Reader, type Reading } from '../reader.ts';

interface GemmaMarks {
  readonly name: string;
  readonly open: string;
  readonly close: string;
  readonly quote: string;
  /** What the model writes when it waits for results. */
  readonly response: string;
}

export const gemma = gemmaCalls({
  name: 'gemma',
  open: '<|tool_call>',
  close: '<tool_call|>',
  quote: '<|"|>',
  response: '<|tool_response>',
});

export const functionGemma = gemmaCalls({
  name: 'function-gemma',
  open: '<start_function_call>',
  close: '<end_function_call>',
  quote: '<escape>',
  response: '<start_function_response>',
});

function gemmaCalls(marks: GemmaMarks): ToolFormat {
  const { name, open, close, quote, response } = marks;
  const textOf = (text: string) => quote + text + quote;
  return {
    name,
    matches: (template) => template.includes(`${open}call:`),
    opens: [open],
    marks: [open, close, quote, response],
    stop: [response],
    read: (reader, sink) => readCall(reader, sink, marks),
    write: (calls) =>
      calls.map((call) => `${open}call:${call.name}${valueOf(call.arguments, textOf)}${close}`).join(''),
    tags: {
      triggers: [open],
      tagOf: (tool) => ({
        begin: `${open}call:${tool.name}{`,
        content: {
          type: 'grammar',
          grammar: argumentsGrammar(tool, {
            // All up to the mark: behind a "<" anything but what the mark goes on with.
            text: {
              rules: `marked ::= ${JSON.stringify(quote)} ([^<] | "<"+ [^<${quote.charAt(1)}])* ${JSON.stringify(quote)}`,
              name: 'marked',
            },
            quote: textOf,
            words: { true: 'true', false: 'false', null: 'null' },
            assign: ':',
            separator: ',',
            key: '[a-zA-Z_] [a-zA-Z0-9_]* ":"',
          }),
        },
        end: `}${close}`,
      }),
    },
  };
}

function* readCall(reader: Reader, sink: CallSink, { quote, close }: GemmaMarks): Reading<void> {
  yield* reader.space();
  yield* reader.expect('call:');
  const name = yield* reader.while(/[\w.:-]/);
  if (name === '' || (yield* reader.peek()) !== '{') throw new Malformed('the name of a function was to come');
  sink.call(name);
  sink.arguments('{');
  let numArguments = 0;
  yield* readItems(reader, '}', function* () {
    const member = yield* readMember(reader, quote);
    sink.arguments((numArguments++ === 0 ? '' : ', ') + member);
  });
  sink.arguments('}');
  sink.end();
  const from = reader.position;
  yield* reader.space();
  if (!(yield* reader.accepts(close))) reader.rewind(from);
}

function* readMember(reader: Reader, quote: string): Reading<string> {
  const key = (yield* reader.accepts(quote)) ? yield* reader.until(quote) : yield* readKey(reader);
  yield* reader.space();
  yield* reader.expect(':');
  yield* reader.space();
  return `${JSON.stringify(key)}: ${yield* readValue(reader, quote)}`;
}

function* readKey(reader: Reader): Reading<string> {
  if ((yield* reader.peek()) === '"') return yield* readString(reader);
  const key = yield* reader.while(/[^\s:,{}[\]<>"]/);
  if (key === '') throw new Malformed('the name of an argument was to come');
  return key;
}

function* readValue(reader: Reader, quote: string): Reading<string> {
  if (yield* reader.accepts(quote)) return JSON.stringify(yield* reader.until(quote));
  switch (yield* reader.peek()) {
    case '"':
      return JSON.stringify(yield* readString(reader));
    case '[':
      return `[${(yield* readItems(reader, ']', () => readValue(reader, quote))).join(', ')}]`;
    case '{':
      return `{${(yield* readItems(reader, '}', () => readMember(reader, quote))).join(', ')}}`;
    default: {
      const word = yield* reader.while(/[-+.\w]/);
      if (['true', 'false', 'null'].includes(word) || /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(word)) return word;
      if (word === 'None') return 'null';
      throw new Malformed('a value was to come');
    }
  }
}

function valueOf(value: unknown, textOf: (text: string) => string): string {
  if (typeof value === 'string') return textOf(value);
  if (Array.isArray(value)) return `[${value.map((item) => valueOf(item, textOf)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // The template sorts by key.
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, member]) => `${key}:${valueOf(member, textOf)}`).join(',')}}`;
}
