/**
 * How a chat template takes tools, calls and results: found by rendering small conversations, since templates differ in what they want
 * and say so nowhere. It knows no Jinja and no tokens.
 */
import type { ChatMessage, ToolCall, ToolDefinition } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { ToolFormat, WrittenCall } from '../tools/format.ts';
import { formatOf } from '../tools/formats/index.ts';
import { NO_ARGUMENTS } from '../tools/tag-content.ts';

/** Renders messages in the shape that templates know. Throws what the template throws. */
export type RenderShaped = (messages: readonly object[], variables: Readonly<Record<string, unknown>>) => string;

export interface TemplateTools {
  /** How the model writes calls; undefined where requests with tools must be refused. */
  readonly format: ToolFormat | undefined;
  /** Why there is none. */
  readonly refusal: string;
  /** The template knows thoughts between `<think>` and `</think>`. */
  readonly mayThink: boolean;
  /** Whether an answer may have several calls, when it is shown again. */
  readonly takesSeveralCalls: boolean;
  /** Messages and variables as the template wants them. @throws InvalidRequest, TemplateFailed for what it cannot show */
  shape(messages: readonly ChatMessage[], tools: readonly ToolDefinition[]): ShapedChat;
}

export interface ShapedChat {
  readonly messages: readonly object[];
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What a template makes of calls: their arguments an object, or JSON; `written`: nothing, they must stand in the content. */
interface CallShape {
  readonly argumentsAs: 'object' | 'text' | 'written';
  /** The content of a message that is all calls. */
  readonly empty: '' | null;
}

const NEEDLE = { tool: 'needle_tool', key: 'needle_key', result: 'needle_result' };
const ID = 'call00001';
const PROBE_TOOL: ToolDefinition = {
  name: NEEDLE.tool,
  description: 'A tool',
  parameters: { type: 'object', properties: { [NEEDLE.key]: { type: 'string', description: 'A text' } } },
};
const ASKED = { role: 'user', content: 'Hello' };

const NO_PLACE = 'its chat template has no place for tools';

/** Of a model without a template of its own. */
export function noTemplateTools(): TemplateTools {
  return {
    format: undefined,
    refusal: 'its file has no chat template that says how',
    mayThink: false,
    takesSeveralCalls: false,
    shape(messages) {
      if (messages.some(({ toolCalls = [] }) => toolCalls.length > 0)) throw cannotShow('calls of tools');
      return { messages, variables: {} };
    },
  };
}

export function createTemplateTools(template: string, render: RenderShaped): TemplateTools {
  // Phi's template wants the descriptions as a text in the system message.
  const isInSystem = /message\[['"]tools['"]\]/.test(template);
  const takesTools = succeeds(() => {
    const { messages, variables } = withTools([ASKED], [PROBE_TOOL], isInSystem);
    return render(messages, variables).includes(NEEDLE.tool);
  });
  const format = takesTools ? formatOf(template) : undefined;
  const callShape = lazy(() => callShapeOf(render));
  const takesResults = lazy(() => succeeds(() => render(probe(callShape(), 1), {}).includes(NEEDLE.result)));
  const takesSeveral = lazy(
    () =>
      callShape().argumentsAs === 'written' || succeeds(() => render(probe(callShape(), 2), {}).includes(valueOf(1))),
  );
  return {
    format,
    mayThink: template.includes('<think>'),
    refusal: takesTools ? 'the form in which it calls tools is not known' : NO_PLACE,
    get takesSeveralCalls() {
      return takesSeveral();
    },
    shape(messages, tools) {
      if (messages.some(({ role }) => role === 'tool') && !takesResults()) throw cannotShow('results of tools');
      const shaped = messages.map((message) => shapeMessage(message, messages, callShape, format));
      return withTools(shaped, tools, isInSystem);
    },
  };
}

function withTools(messages: readonly object[], tools: readonly ToolDefinition[], isInSystem: boolean): ShapedChat {
  if (tools.length === 0) return { messages, variables: {} };
  const functions = tools.map(({ name, description = '', parameters = NO_ARGUMENTS }) => ({
    name,
    description,
    parameters,
  }));
  if (!isInSystem) return { messages, variables: { tools: functions.map((f) => ({ type: 'function', function: f })) } };
  const [first, ...rest] = messages;
  const listed = { tools: JSON.stringify(functions) };
  const isSystem = first !== undefined && 'role' in first && first.role === 'system';
  return isSystem
    ? { messages: [{ ...first, ...listed }, ...rest], variables: {} }
    : { messages: [{ role: 'system', content: '', ...listed }, ...messages], variables: {} };
}

// ---------------------------------------------------------------------------------------------- messages

function shapeMessage(
  { role, content, toolCalls = [], toolCallId, name }: ChatMessage,
  all: readonly ChatMessage[],
  callShape: () => CallShape,
  format: ToolFormat | undefined,
): object {
  if (role === 'tool') {
    const named = name ?? callWith(toolCallId, all)?.name;
    return {
      role,
      content,
      ...(toolCallId === undefined ? {} : { tool_call_id: shortId(toolCallId) }),
      ...(named === undefined ? {} : { name: named }),
    };
  }
  const said = format?.hasChannels === true ? withThinking(content, toolCalls.length > 0) : { content };
  if (toolCalls.length === 0) return { role, ...said };
  const { argumentsAs, empty } = callShape();
  if (argumentsAs === 'written') {
    if (format === undefined) throw cannotShow('calls of tools');
    const written = format.write(toolCalls.map(writtenCall));
    return { role, content: content === '' ? written : `${content}\n${written}` };
  }
  const calls = toolCalls.map((call) => ({
    id: shortId(call.id),
    type: 'function',
    function: {
      name: call.name,
      arguments: argumentsAs === 'text' ? call.arguments : writtenCall(call).arguments,
    },
  }));
  return { role, ...said, ...(content === '' ? { content: empty } : {}), tool_calls: calls };
}

/** Thoughts apart, for a template that has channels: with calls, it takes one of both. */
function withThinking(content: string, hasCalls: boolean): object {
  const [, thinking, rest = ''] = /^\s*<think>(.*?)<\/think>\s*(.*)$/s.exec(content) ?? [];
  if (thinking === undefined) return { content };
  if (!hasCalls) return { content: rest, thinking };
  return { content: '', thinking: rest === '' ? thinking : `${thinking}\n${rest}` };
}

function callWith(id: string | undefined, messages: readonly ChatMessage[]): ToolCall | undefined {
  return messages.flatMap(({ toolCalls = [] }) => toolCalls).findLast((call) => call.id === id);
}

/** @throws InvalidRequest */
function writtenCall({ name, arguments: json }: ToolCall): WrittenCall {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { name, arguments: value as Readonly<Record<string, unknown>> };
  } catch {
    // Told below.
  }
  throw new LinnetError(
    'InvalidRequest',
    `The arguments of a call of ${name} are no JSON object: ${json.slice(0, 80)}`,
  );
}

/** Some templates take ids of nine letters and digits alone; what other engines made is told in such a one. */
function shortId(id: string): string {
  if (/^[a-zA-Z0-9]{9}$/.test(id)) return id;
  // FNV-1a, twice for enough digits.
  let [low, high] = [0x811c9dc5, 0x01000193];
  for (const character of id) {
    low = Math.imul(low ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
    high = Math.imul(high ^ low, 0x01000193) >>> 0;
  }
  return (low.toString(36) + high.toString(36)).padStart(9, '0').slice(-9);
}

// ---------------------------------------------------------------------------------------------- what a template wants

function callShapeOf(render: RenderShaped): CallShape {
  for (const argumentsAs of ['object', 'text'] as const) {
    const renderings = ([null, ''] as const).flatMap((empty) => {
      const text = attempt(() => render(probe({ argumentsAs, empty }, 1), {}));
      return text !== undefined && showsCall(text) ? [{ empty, length: text.length }] : [];
    });
    // Where an empty content makes a turn of its own, none is right; where none is written as a word, an empty one is.
    const [best] = renderings.sort((one, other) => one.length - other.length || (one.empty === '' ? -1 : 1));
    if (best !== undefined) return { argumentsAs, empty: best.empty };
  }
  return { argumentsAs: 'written', empty: '' };
}

/** Name and arguments are there, and these are no text in a text. */
function showsCall(text: string): boolean {
  const isThere = [NEEDLE.tool, NEEDLE.key, valueOf(0)].every((needle) => text.includes(needle));
  return isThere && !text.includes(`\\"${NEEDLE.key}`);
}

/** A conversation with calls and their results. */
function probe({ argumentsAs, empty }: CallShape, numCalls: number): readonly object[] {
  if (argumentsAs === 'written') return [ASKED, { role: 'assistant', content: 'Hm' }, resultOf(ID)];
  const ids = Array.from({ length: numCalls }, (_, i) => `call0000${String(i + 1)}`);
  const calls = ids.map((id, i) => {
    const values = { [NEEDLE.key]: valueOf(i) };
    const written = argumentsAs === 'object' ? values : JSON.stringify(values);
    return { id, type: 'function', function: { name: NEEDLE.tool, arguments: written } };
  });
  return [ASKED, { role: 'assistant', content: empty, tool_calls: calls }, ...ids.map(resultOf)];
}

/** Of the `i`th call. */
function valueOf(i: number): string {
  return `needle_value_${String(i)}`;
}

function resultOf(id: string): object {
  return { role: 'tool', tool_call_id: id, name: NEEDLE.tool, content: NEEDLE.result };
}

function cannotShow(what: string): LinnetError {
  return new LinnetError(
    'TemplateFailed',
    `The model's chat template leaves out ${what}. Leave them out, or choose another model.`,
  );
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined; // the template minds: that is the answer
  }
}

function succeeds(run: () => unknown): boolean {
  return Boolean(attempt(run));
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
