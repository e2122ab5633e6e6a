/**
 * `<tool_call><function=name><parameter=key>value</parameter></function></tool_call>`: Qwen 3 Coder, Qwen 3.5. Values are texts;
 * the tool's schema says which of them are JSON.
 */
import type { CallContext, CallSink, ToolFormat, WrittenCall } from '../format.ts';
import { Malformed, type Reader, type Reading } from '../reader.ts';
import type { ToolDefinition } from '../../api.ts';
import { either, NOTHING, sequence, type TagContent } from '../tag-content.ts';

const [OPEN, CLOSE] = ['<tool_call>', '</tool_call>'];
const FUNCTION = '<function=';
const PARAMETER = '<parameter=';

export const qwenXml: ToolFormat = {
  name: 'qwen-xml',
  matches: (template) => template.includes(FUNCTION) && template.includes(PARAMETER),
  // Some leave the outer mark out.
  opens: [OPEN, FUNCTION],
  marks: [OPEN, CLOSE],
  read: readCall,
  write: (calls) => calls.map(writeCall).join('\n'),
  tags: {
    separator: '\n',
    triggers: [OPEN],
    tagOf: (tool) => ({
      begin: `${OPEN}\n${FUNCTION}${tool.name}>\n`,
      content: parametersContent(tool),
      end: `</function>\n${CLOSE}`,
    }),
  },
};

function* readCall(reader: Reader, sink: CallSink, context: CallContext): Reading<void> {
  if (context.open === OPEN) {
    yield* reader.space();
    yield* reader.expect(FUNCTION);
  }
  const name = (yield* reader.until('>')).trim();
  if (name === '' || /\s/.test(name)) throw new Malformed('the name of a function was to come');
  sink.call(name);
  sink.arguments('{');
  for (let numParameters = 0; ; numParameters++) {
    yield* reader.space();
    if (!(yield* reader.accepts(PARAMETER))) break;
    const key = (yield* reader.until('>')).trim();
    sink.arguments(`${numParameters === 0 ? '' : ', '}${JSON.stringify(key)}: `);
    yield* readParameter(reader, sink, context.tools.schemaOf(name, key));
  }
  yield* reader.expect('</function>');
  sink.arguments('}');
  sink.end();
  const from = reader.position;
  yield* reader.space();
  if (!(yield* reader.accepts(CLOSE))) reader.rewind(from);
}

function* readParameter(reader: Reader, sink: CallSink, schema: unknown): Reading<void> {
  const end = '</parameter>';
  if ((yield* reader.peek()) === '\n') reader.skip();
  if (!isText(schema)) {
    const value = (yield* reader.until(end)).replace(/\n$/, '');
    sink.arguments(jsonFor(value));
    return;
  }
  // A text is told as it comes; the line's end in front of the mark is none of it.
  let held = '';
  sink.arguments('"');
  yield* reader.until(end, (piece) => {
    const all = held + piece;
    held = all.endsWith('\n') ? '\n' : '';
    sink.arguments(JSON.stringify(all.slice(0, all.length - held.length)).slice(1, -1));
  });
  sink.arguments('"');
}

/** What is not described is a text too. */
function isText(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return true;
  if ('type' in schema) return schema.type === 'string';
  if ('enum' in schema && Array.isArray(schema.enum)) return schema.enum.every((value) => typeof value === 'string');
  return Object.keys(schema).every((key) => ['description', 'title', 'default', 'examples'].includes(key));
}

/** JSON as it is written, or of Python's words; anything else is a text, though the schema wants none. */
function jsonFor(value: string): string {
  const text = value.trim();
  const word = new Map([
    ['True', 'true'],
    ['False', 'false'],
    ['None', 'null'],
  ]).get(text);
  if (word !== undefined) return word;
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(value);
  }
}

/** Parameters in the order of the schema; those that are not required may be left out. */
function parametersContent({ parameters }: ToolDefinition): TagContent {
  const { properties, required } = (parameters ?? {}) as { readonly properties?: object; readonly required?: unknown };
  const elements = Object.entries(properties ?? {}).map(([key, schema]: [string, unknown]): TagContent => {
    const content = isText(schema) ? textContent(schema) : ({ type: 'json_schema', json_schema: schema } as const);
    const parameter = { type: 'tag', begin: `${PARAMETER}${key}>\n`, content, end: '\n</parameter>\n' } as const;
    return Array.isArray(required) && required.includes(key) ? parameter : either([NOTHING, parameter]);
  });
  return elements.length === 0 ? NOTHING : sequence(elements);
}

/** Any text, or one of those that are given. */
function textContent(schema: unknown): TagContent {
  const values: unknown = typeof schema === 'object' && schema !== null && 'enum' in schema ? schema.enum : undefined;
  if (!Array.isArray(values)) return { type: 'any_text' };
  return either(values.map((value) => ({ type: 'const_string', value: String(value) }) as const));
}

function writeCall(call: WrittenCall): string {
  const parameters = Object.entries(call.arguments).map(
    ([key, value]) =>
      `${PARAMETER}${key}>\n${typeof value === 'string' ? value : JSON.stringify(value)}\n</parameter>\n`,
  );
  return `${OPEN}\n${FUNCTION}${call.name}>\n${parameters.join('')}</function>\n${CLOSE}`;
}
