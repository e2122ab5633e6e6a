/** `<|tool_call_start|>[name(key="text", other=1)]<|tool_call_end|>`: LFM 2. Calls as Python writes them. */
import { argumentsGrammar, type ArgumentSyntax } from '../ebnf.ts';
import type { CallSink, ToolFormat, WrittenCall } from '../format.ts';
import { pythonOf, readItems, readPython } from '../python.ts';
import { Malformed, type Reader, type Reading } from '../reader.ts';

const [OPEN, CLOSE] = ['<|tool_call_start|>', '<|tool_call_end|>'];

const SYNTAX: ArgumentSyntax = {
  text: { rules: 'quoted ::= "\\"" ([^"\\\\\\n] | "\\\\" ["\\\\nt])* "\\""', name: 'quoted' },
  quote: (text) => JSON.stringify(text),
  words: { true: 'True', false: 'False', null: 'None' },
  assign: '=',
  separator: ', ',
  key: 'quoted ": "',
};

export const lfm: ToolFormat = {
  name: 'lfm',
  matches: (template) => template.includes(OPEN) || /List of tools: (<\|tool_list_start\|>)?\[/.test(template),
  opens: [OPEN],
  marks: [OPEN, CLOSE],
  read: readCalls,
  write: (calls) => `${OPEN}[${calls.map(writeCall).join(', ')}]${CLOSE}`,
  tags: {
    frame: { begin: `${OPEN}[`, separator: ', ', end: `]${CLOSE}` },
    tagOf: (tool) => ({
      begin: `${tool.name}(`,
      content: { type: 'grammar', grammar: argumentsGrammar(tool, SYNTAX) },
      end: ')',
    }),
  },
};

function* readCalls(reader: Reader, sink: CallSink): Reading<void> {
  yield* reader.space();
  if ((yield* reader.peek()) !== '[') throw new Malformed('"[" was to come');
  yield* readItems(reader, ']', () => readCall(reader, sink));
  const from = reader.position;
  yield* reader.space();
  if (!(yield* reader.accepts(CLOSE))) reader.rewind(from);
}

function* readCall(reader: Reader, sink: CallSink): Reading<void> {
  const name = yield* reader.while(/[\w.-]/);
  if (name === '' || (yield* reader.peek()) !== '(') throw new Malformed('a call was to come');
  let numArguments = 0;
  sink.call(name);
  sink.arguments('{');
  yield* readItems(reader, ')', function* () {
    const key = yield* reader.while(/\w/);
    if (key === '') throw new Malformed('the name of an argument was to come');
    yield* reader.space();
    yield* reader.expect('=');
    yield* reader.space();
    const value = yield* readPython(reader);
    sink.arguments(`${numArguments++ === 0 ? '' : ', '}${JSON.stringify(key)}: ${value}`);
  });
  sink.arguments('}');
  sink.end();
}

function writeCall(call: WrittenCall): string {
  const written = Object.entries(call.arguments).map(([key, value]) => `${key}=${pythonOf(value)}`);
  return `${call.name}(${written.join(', ')})`;
}
