/** Tools through `chat.completions.create` over a scripted engine, whose text goes through the engine's own parser. */
import { expect, it } from 'vitest';
import { all, fakeLibrary } from '../testing/sdk.ts';
import type { ChatCompletionChunk, ChatCompletionCreateParams, ToolCallDelta } from './openai-types.ts';

const MESSAGES = [{ role: 'user', content: 'How is it in Oslo?' }] as const;
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };
const TOOLS = [
  { type: 'function', function: { name: 'weather', description: 'Weather', parameters: PARAMETERS } },
  { type: 'function', function: { name: 'now' } },
] as const;
const ANSWER =
  'Let me look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo", "days": 3}}\n</tool_call>\n<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>';
const CALLS = [
  { id: 'call00001', type: 'function', function: { name: 'weather', arguments: '{"city": "Oslo", "days": 3}' } },
  { id: 'call00002', type: 'function', function: { name: 'now', arguments: '{}' } },
];

it('has calls beside the text, and says that it stopped for them', async () => {
  const { engine } = await fakeLibrary({ answer: ANSWER });
  const { choices } = await engine.chat.completions.create({ messages: MESSAGES, tools: TOOLS });
  expect(choices).toEqual([
    {
      index: 0,
      message: { role: 'assistant', content: 'Let me look.', refusal: null, tool_calls: CALLS },
      logprobs: null,
      finish_reason: 'tool_calls',
      seed: 7,
      usage: expect.objectContaining({ prompt_tokens: 32 }) as object,
    },
  ]);
  const bare = await fakeLibrary({ answer: ANSWER.slice(ANSWER.indexOf('<')) });
  const only = await bare.engine.chat.completions.create({ messages: MESSAGES, tools: TOOLS });
  expect(only.choices[0]?.message.content).toBeNull();
});

it('streams calls in pieces, whose arguments are those of the whole answer', async () => {
  const { engine } = await fakeLibrary({ answer: ANSWER });
  const chunks = await all(await engine.chat.completions.create({ messages: MESSAGES, tools: TOOLS, stream: true }));
  const choices = chunks.flatMap((chunk: ChatCompletionChunk) => chunk.choices);
  expect(choices.map(({ delta }) => delta.content ?? '').join('')).toBe('Let me look.');
  expect(choices.at(-1)).toMatchObject({ delta: {}, finish_reason: 'tool_calls' });
  const deltas = choices.flatMap(({ delta }) => delta.tool_calls ?? []);
  expect(deltas[0]).toEqual({
    index: 0,
    id: 'call00001',
    type: 'function',
    function: { name: 'weather', arguments: '' },
  });
  const ofFirst = deltas.filter(({ index }) => index === 0);
  expect(ofFirst.length).toBeGreaterThan(3);
  expect(ofFirst.slice(1).every((delta) => delta.id === undefined && delta.function.name === undefined)).toBe(true);
  expect([0, 1].map((index) => argumentsOf(deltas, index))).toEqual(CALLS.map((call) => call.function.arguments));
});

function argumentsOf(deltas: readonly ToolCallDelta[], index: number): string {
  return deltas.flatMap((delta) => (delta.index === index ? [delta.function.arguments] : [])).join('');
}

it('reports log-probabilities of calls too', async () => {
  const { engine } = await fakeLibrary({ answer: ANSWER });
  const params = { messages: MESSAGES, tools: TOOLS, logprobs: true } as const;
  const whole = await engine.chat.completions.create(params);
  const content = whole.choices[0]?.logprobs?.content;
  expect(content?.map(({ token }) => token).join('')).toBe(ANSWER);
  const chunks = await all(await engine.chat.completions.create({ ...params, stream: true }));
  expect(chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.content ?? [])).toEqual(content);
});

it('asks the engine in its own words', async () => {
  const { engine, fake } = await fakeLibrary();
  const messages = [
    ...MESSAGES,
    { role: 'assistant', content: null, tool_calls: CALLS },
    { role: 'tool', content: 'Rain', tool_call_id: 'call00001' },
    { role: 'tool', content: [{ type: 'text', text: 'Noon' }], tool_call_id: 'call00002' },
  ] as const;
  await engine.chat.completions.create({
    messages: messages as unknown as ChatCompletionCreateParams['messages'],
    tools: TOOLS,
    tool_choice: 'auto',
    parallel_tool_calls: false,
  });
  expect(fake.generations[0]?.input).toEqual({
    kind: 'chat',
    messages: [
      MESSAGES[0],
      {
        role: 'assistant',
        content: '',
        toolCalls: CALLS.map((call) => ({ id: call.id, ...call.function })),
      },
      { role: 'tool', content: 'Rain', toolCallId: 'call00001' },
      { role: 'tool', content: 'Noon', toolCallId: 'call00002' },
    ],
    toolUse: {
      tools: [{ name: 'weather', description: 'Weather', parameters: PARAMETERS }, { name: 'now' }],
      choice: 'auto',
      parallel: false,
    },
  });
  await engine.chat.completions.create({
    messages: MESSAGES,
    tools: TOOLS,
    tool_choice: { type: 'function', function: { name: 'now' } },
  });
  expect(fake.generations[1]?.input).toMatchObject({ toolUse: { choice: { name: 'now' } } });
});

it('has nothing but text where the model is not told of tools', async () => {
  const { engine } = await fakeLibrary({ answer: ANSWER });
  const { choices } = await engine.chat.completions.create({ messages: MESSAGES, tools: TOOLS, tool_choice: 'none' });
  expect(choices[0]).toMatchObject({ message: { content: ANSWER }, finish_reason: 'stop' });
});

it('has what is no call as text, with a note', async () => {
  const broken = '<tool_call>\n{"name": "weather", "arguments": {"city": Oslo}}\n</tool_call>';
  const { engine } = await fakeLibrary({ answer: broken });
  const notes: string[] = [];
  const { choices } = await engine.chat.completions.create(
    { messages: MESSAGES, tools: TOOLS },
    { onEvents: (events) => notes.push(...events.flatMap((event) => (event.kind === 'note' ? [event.text] : []))) },
  );
  expect(choices[0]).toMatchObject({ message: { content: broken }, finish_reason: 'stop' });
  expect(choices[0]?.message.tool_calls).toBeUndefined();
  expect(notes).toEqual([expect.stringContaining('stands in the text')]);
});

const CALL = { id: 'a', type: 'function', function: { name: 'now', arguments: '{}' } };
const calling = (call: object) => ({ messages: [...MESSAGES, { role: 'assistant', tool_calls: [call] }] });

it.each<[param: string, code: string, params: object]>([
  ['tools', 'invalid_value', { tools: {} }],
  ['tools[0].type', 'unsupported_parameter', { tools: [{ type: 'custom', custom: { name: 'f' } }] }],
  ['tools[0].function.name', 'missing_parameter', { tools: [{ type: 'function', function: {} }] }],
  [
    'tools[0].function.parameters',
    'invalid_value',
    { tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
  ],
  [
    'tools[0].function.magic',
    'unsupported_parameter',
    { tools: [{ type: 'function', function: { name: 'f', magic: 1 } }] },
  ],
  ['tool_choice', 'invalid_value', { tool_choice: 'required' }],
  ['tool_choice', 'invalid_value', { tools: TOOLS, tool_choice: { type: 'function', function: { name: 'fly' } } }],
  ['parallel_tool_calls', 'invalid_value', { tools: TOOLS, parallel_tool_calls: 'no' }],
  ['messages[1].tool_calls[0].type', 'unsupported_parameter', calling({ ...CALL, type: 'custom' })],
  [
    'messages[1].tool_calls[0].function.arguments',
    'invalid_value',
    calling({ ...CALL, function: { name: 'f', arguments: '{' } }),
  ],
  ['messages[1].content', 'invalid_value', { messages: [...MESSAGES, { role: 'assistant', tool_calls: [] }] }],
  ['messages[0].tool_call_id', 'missing_parameter', { messages: [{ role: 'tool', content: '7' }] }],
  ['messages[0].tool_call_id', 'invalid_value', { messages: [{ role: 'tool', content: '7', tool_call_id: 'a' }] }],
])('refuses %s by name (%s)', async (param, code, params) => {
  const { engine, fake } = await fakeLibrary();
  const refused = engine.chat.completions.create({ messages: MESSAGES, ...params } as ChatCompletionCreateParams);
  await expect(refused).rejects.toMatchObject({ name: 'InvalidRequest', param, code });
  expect(fake.generations).toEqual([]);
});

it('refuses tools by name where the model takes none', async () => {
  const { engine } = await fakeLibrary({ toolFormat: undefined });
  const refused = engine.chat.completions.create({ messages: MESSAGES, tools: TOOLS });
  await expect(refused).rejects.toMatchObject({ param: 'tools', code: 'unsupported_parameter' });
  // Told of none, it needs no place for them.
  const { choices } = await engine.chat.completions.create({ messages: MESSAGES, tools: TOOLS, tool_choice: 'none' });
  expect(choices[0]?.finish_reason).toBe('stop');
});
