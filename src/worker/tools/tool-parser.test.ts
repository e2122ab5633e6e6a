/** Calls in the forms that models write them: whole, in pieces, broken; and text, which is never lost. */
import { describe, expect, it } from 'vitest';
import type { ToolUse } from '../api.ts';
import { FORMATS } from './formats/index.ts';
import type { ToolFormat } from './format.ts';
import { cut, parse, randomOf, type Parsed } from './testing/parse.ts';

const TOOLS: ToolUse['tools'] = [
  {
    name: 'weather',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        days: { type: 'integer' },
        parts: { type: 'array' },
        deep: { type: 'object' },
      },
    },
  },
  { name: 'now' },
];
const USE: ToolUse = { tools: TOOLS };
const OSLO = { name: 'weather', arguments: { city: 'Oslo' } };
const NOW = { name: 'now', arguments: {} };

function format(name: string): ToolFormat {
  const found = FORMATS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no format ${name}`);
  return found;
}

/** The values of the calls; that they are the same however the text is cut. */
function read(name: string, text: string, use: ToolUse = USE, isThinking = false) {
  const whole = parse(format(name), use, [text], { isThinking });
  for (let seed = 1; seed <= 20; seed++)
    expect(parse(format(name), use, cut(text, randomOf(seed)), { isThinking })).toEqual(whole);
  expect(parse(format(name), use, [...text], { isThinking })).toEqual(whole);
  return { ...whole, calls: valuesOf(whole) };
}

function valuesOf({ calls }: Parsed) {
  return calls.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) as unknown }));
}

describe('calls as models write them', () => {
  it.each<[name: string, written: string, calls: readonly object[]]>([
    ['hermes', '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>', [OSLO]],
    [
      'hermes',
      '<tool_call>{"arguments": {"city": "Oslo"}, "name": "weather"}</tool_call>\n<tool_call>{"name":"now"}</tool_call>',
      [OSLO, NOW],
    ],
    ['hermes', '<tool_call>\n{"name": "weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}\n</tool_call>', [OSLO]],
    ['hermes', '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}', [OSLO]],
    [
      'qwen-xml',
      '<tool_call>\n<function=weather>\n<parameter=city>\nOslo\n</parameter>\n</function>\n</tool_call>',
      [OSLO],
    ],
    ['qwen-xml', '<function=now>\n</function>', [NOW]],
    [
      'qwen-xml',
      '<tool_call><function=weather><parameter=city>A "b"\n\n<c></parameter><parameter=days>3</parameter><parameter=parts>[1, "x"]</parameter></function></tool_call>',
      [{ name: 'weather', arguments: { city: 'A "b"\n\n<c>', days: 3, parts: [1, 'x'] } }],
    ],
    ['llama', '{"name": "weather", "parameters": {"city": "Oslo"}}', [OSLO]],
    ['llama', '<|python_tag|>{"type": "function", "name": "weather", "parameters": {"city": "Oslo"}}', [OSLO]],
    ['llama', '{"name": "weather", "parameters": {"city": "Oslo"}}; {"name": "now", "parameters": {}}', [OSLO, NOW]],
    ['linnet', '{"tool": "weather", "arguments": {"city": "Oslo"}}', [OSLO]],
    [
      'mistral',
      '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Oslo"}, "id": "abc123def"}, {"name": "now", "arguments": {}}]',
      [OSLO, NOW],
    ],
    ['mistral-args', '[TOOL_CALLS]weather[ARGS]{"city": "Oslo"}[TOOL_CALLS]now[CALL_ID]abc123def[ARGS]{}', [OSLO, NOW]],
    ['lfm', '<|tool_call_start|>[weather(city="Oslo"), now()]<|tool_call_end|>', [OSLO, NOW]],
    [
      'lfm',
      "<|tool_call_start|>[weather(city='It\\'s', parts=[1, -2.5, None, True,], deep={'a': (1, 'b')})]<|tool_call_end|>",
      [{ name: 'weather', arguments: { city: "It's", parts: [1, -2.5, null, true], deep: { a: [1, 'b'] } } }],
    ],
    ['granite', '<|tool_call|>[{"name": "weather", "arguments": {"city": "Oslo"}}]', [OSLO]],
    ['phi', '<|tool_call|>[{"name": "weather", "arguments": {"city": "Oslo"}}]<|/tool_call|>', [OSLO]],
    [
      'phi',
      'functools[{"name": "weather", "arguments": {"city": "Oslo"}}, {"name": "now", "arguments": {}}]',
      [OSLO, NOW],
    ],
    [
      'gemma',
      '<|tool_call>call:weather{city:<|"|>Oslo<|"|>}<tool_call|><|tool_call>call:now{}<tool_call|>',
      [OSLO, NOW],
    ],
    [
      'gemma',
      '<|tool_call>call:weather{city:<|"|>a}",{b<|"|>,days:3,parts:[1,<|"|>x<|"|>],deep:{a:true,b:null}}<tool_call|>',
      [{ name: 'weather', arguments: { city: 'a}",{b', days: 3, parts: [1, 'x'], deep: { a: true, b: null } } }],
    ],
    ['function-gemma', '<start_function_call>call:weather{city:<escape>Oslo<escape>}<end_function_call>', [OSLO]],
    [
      'deepseek',
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{"city": "Oslo"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
      [OSLO, NOW],
    ],
    [
      'deepseek-3.1',
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{"city": "Oslo"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
      [OSLO],
    ],
    [
      'command-r',
      '<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": "weather", "parameters": {"city": "Oslo"}}\n]<|END_ACTION|>',
      [OSLO],
    ],
    ['apertus', '<|tools_prefix|>[{"weather": {"city": "Oslo"}}, {"now": {}}]<|tools_suffix|>', [OSLO, NOW]],
    ['harmony', '<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city": "Oslo"}', [OSLO]],
    ['harmony', ' to=functions.weather<|channel|>commentary json<|message|>{"city": "Oslo"}', [OSLO]],
  ])('%s: %s', (name, written, calls) => {
    expect(read(name, written)).toMatchObject({ text: '', calls, notes: [] });
  });

  it('with text in front, without the space between', () => {
    const call = '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>';
    expect(read('hermes', `Let me look.\n\n${call}\n`)).toMatchObject({ text: 'Let me look.', calls: [NOW] });
    expect(read('hermes', `A <b> c.\n${call}\nDone.`)).toMatchObject({ text: 'A <b> c.\nDone.', calls: [NOW] });
    expect(read('hermes', 'No call at all. \n')).toMatchObject({ text: 'No call at all. \n', calls: [] });
  });

  it('not where the model thinks about them', () => {
    const call = '<tool_call>{"name": "now", "arguments": {}}</tool_call>';
    const thought = `I could write ${call}.\n</think>`;
    expect(read('hermes', `<think>${thought}\n\n${call}`)).toMatchObject({ text: `<think>${thought}`, calls: [NOW] });
    expect(read('hermes', `${thought}\n\n${call}`, USE, true)).toMatchObject({ text: thought, calls: [NOW] });
    expect(read('llama', `<think>\n</think>\n\n{"name": "now", "parameters": {}}`)).toMatchObject({ calls: [NOW] });
  });

  it('in channels, whose thoughts are marked as those of others', () => {
    const written =
      '<|channel|>analysis<|message|>I look it up.<|end|><|start|>assistant<|channel|>commentary to=functions.now <|constrain|>json<|message|>{}';
    expect(read('harmony', written)).toMatchObject({ text: '<think>I look it up.</think>', calls: [NOW] });
    const said = '<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>final<|message|>Seven. \n';
    expect(read('harmony', said)).toMatchObject({ text: '<think>Easy.</think>\nSeven. \n', calls: [] });
  });

  it('as many as may be', () => {
    const two =
      '<tool_call>{"name": "now"}</tool_call>\n<tool_call>{"name": "weather", "arguments": {"city": "Oslo"}}</tool_call>';
    expect(read('hermes', two)).toMatchObject({ calls: [NOW, OSLO], isDone: false });
    expect(read('hermes', two, { ...USE, parallel: false })).toMatchObject({ calls: [NOW], isDone: true });
    expect(read('hermes', two, { ...USE, choice: { name: 'now' } })).toMatchObject({ calls: [NOW], isDone: true });
  });

  it('of a tool that there is not, with a note', () => {
    const { calls, notes } = read('hermes', '<tool_call>{"name": "fly", "arguments": {}}</tool_call>');
    expect(calls).toEqual([{ name: 'fly', arguments: {} }]);
    expect(notes).toEqual([expect.stringMatching(/calls fly, which is none/)]);
  });
});

describe('what is no call is text, all of it, with a note', () => {
  it.each<[name: string, written: string]>([
    ['hermes', '<tool_call>\n{"name": "weather", "arguments": {"city": Oslo}}\n</tool_call>'],
    ['hermes', 'Look: <tool_call> is a mark.'],
    ['hermes', '<tool_call>{"name": "weather", "arguments": [1]}</tool_call>'],
    ['hermes', '<tool_call>{"name": "weather", "arguments": {"city": "Os'],
    ['hermes', '<tool_call>{"name": "weather", "place": 1}</tool_call>'],
    ['qwen-xml', '<tool_call>\n<function=weather>\n<parameter=city>\nOslo\n</tool_call>'],
    ['mistral', '[TOOL_CALLS] are what I make.'],
    ['mistral-args', '[TOOL_CALLS]weather{"city": 1}'],
    ['lfm', '<|tool_call_start|>[weather("Oslo")]<|tool_call_end|>'],
    ['gemma', '<|tool_call>call:weather{city:Oslo}<tool_call|>'],
    ['deepseek', '<｜tool▁calls▁begin｜>nothing<｜tool▁calls▁end｜>'],
    ['apertus', '<|tools_prefix|>[{}]<|tools_suffix|>'],
    ['harmony', '<|channel|>commentary to=functions.weather json<|message|>Oslo'],
  ])('%s: %s', (name, written) => {
    const { text, calls, notes } = read(name, written);
    expect([text, calls]).toEqual([written, []]);
    expect(notes).toEqual([expect.stringMatching(/none, and stands in the text: /)]);
  });

  it.each<[name: string, written: string]>([
    ['llama', '{"name": "John", "age": 7}'],
    ['llama', '{"city": "Oslo"}'],
    ['linnet', '{"tool": "hammer"}'],
    ['linnet', '{'],
  ])('%s: %s, without one where it is JSON like any other', (name, written) => {
    expect(read(name, written)).toMatchObject({ text: written, told: [], calls: [], notes: [] });
  });

  it('behind calls that are', () => {
    const { text, calls } = read('mistral', '[TOOL_CALLS][{"name": "now", "arguments": {}}, {"name": 5}]');
    expect([text, calls]).toEqual([', {"name": 5}]', [NOW]]);
    const broken = '<tool_call>{"name": "weather", "arguments": {"city": Os}}</tool_call>';
    const next = read('hermes', `${broken}\n<tool_call>{"name": "now"}</tool_call>`);
    expect([next.text, next.calls]).toEqual([broken, [NOW]]);
    // In a stream the pieces are out: the call keeps its place.
    expect(next.told.map(({ name }) => name)).toEqual(['weather', 'now']);
  });
});

describe('what a format writes it reads', () => {
  it.each(FORMATS.map((one) => [one.name, one] as const))('%s, with random arguments, cut anywhere', (_, one) => {
    // Where values are texts, the schema says what they are.
    const use = { tools: TOOLS.map((tool) => ({ ...TOOLS[0], name: tool.name })) };
    for (let seed = 1; seed <= 60; seed++) {
      const random = randomOf(seed);
      const calls = Array.from(
        { length: one.name === 'llama' || one.name === 'linnet' || one.name === 'harmony' ? 1 : 1 + (seed % 3) },
        () => ({
          name: random() < 0.7 ? 'weather' : 'now',
          arguments: randomArguments(random),
        }),
      );
      const written = one.write(calls);
      const parsed = parse(one, use, cut(written.replace(/<\|call\|>$/, ''), random, 1 + (seed % 9)));
      expect({ written, ...parsed, calls: valuesOf(parsed) }).toMatchObject({ text: '', calls, notes: [] });
      expect(parsed.told).toEqual(parsed.calls);
    }
  });
});

const TEXTS = [
  'Oslo',
  '',
  ' a b ',
  'é 你好 🦜',
  '"q" \'s\' \\ {}[]()',
  'line\nline',
  ', key: 1',
  '<b> & </b>',
  'True',
  '7',
];

function randomArguments(random: () => number): Record<string, unknown> {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const value = (depth: number): unknown => {
    const kind = Math.floor(random() * (depth > 1 ? 4 : 6));
    if (kind === 0) return pick(TEXTS);
    if (kind === 1) return pick([0, -1, 2.5, 1e21, 123456789]);
    if (kind === 2) return random() < 0.5;
    if (kind === 3) return null;
    if (kind === 4) return Array.from({ length: Math.floor(random() * 3) }, () => value(depth + 1));
    return Object.fromEntries(
      Array.from({ length: Math.floor(random() * 3) }, (_, i) => [`k${String(i)}`, value(depth + 1)]),
    );
  };
  const all = {
    city: pick(TEXTS),
    days: Math.floor(random() * 99),
    parts: [value(0), value(0)],
    deep: { a: value(0) },
  };
  return Object.fromEntries(Object.entries(all).filter(() => random() < 0.6));
}
