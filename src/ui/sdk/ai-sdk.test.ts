/** The Vercel AI SDK over `createFetch`, through its provider for servers that speak as OpenAI's do. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embedMany, generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { expect, it } from 'vitest';
import type { FakeScript } from '../testing/fake-engine.ts';
import { fakeLibrary } from '../testing/sdk.ts';
import { createFetch } from './fetch.ts';

async function serve(script: Partial<FakeScript> = {}) {
  const { engine, fake } = await fakeLibrary(script);
  const provider = createOpenAICompatible({
    name: 'linnet',
    baseURL: 'http://linnet/v1',
    fetch: createFetch(engine),
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return { provider, fake };
}

it('generates a text, with what it cost', async () => {
  const { provider, fake } = await serve({ answer: 'one two three' });
  const { text, usage, finishReason } = await generateText({
    model: provider('bird'),
    system: 'Be brief',
    prompt: 'Count',
    maxOutputTokens: 9,
    seed: 4,
    temperature: 0.5,
    stopSequences: ['END'],
  });
  expect([text, finishReason]).toEqual(['one two three', 'stop']);
  expect(usage).toMatchObject({ inputTokens: 32, outputTokens: 4, totalTokens: 36 });
  expect(fake.generations[0]).toMatchObject({
    maxTokens: 9,
    stop: ['END'],
    sampling: { seed: 4, temperature: 0.5 },
    input: {
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'Count' },
      ],
    },
  });
});

it('streams a text, and stops the engine when it is aborted', async () => {
  const { provider, fake } = await serve({ answer: 'word '.repeat(400) });
  const abort = new AbortController();
  const { textStream } = streamText({ model: provider('bird'), prompt: 'Go', abortSignal: abort.signal });
  let text = '';
  for await (const piece of textStream) {
    text += piece;
    if (text.length > 20) abort.abort();
  }
  expect('word '.repeat(400)).toContain(text.trim());
  await expect.poll(() => fake.aborted).toHaveLength(1);

  const whole = await serve({ answer: 'one two three' });
  const stream = streamText({ model: whole.provider('bird'), prompt: 'Count' });
  expect(await stream.text).toBe('one two three');
  expect(await stream.usage).toMatchObject({ inputTokens: 32, outputTokens: 4 });
});

it('embeds', async () => {
  const { provider } = await serve();
  const { embeddings } = await embedMany({ model: provider.embeddingModel('bird'), values: ['a', 'b'] });
  expect(embeddings).toEqual([
    [1, 0],
    [1, 0],
  ]);
});

it('is told by name what is not there', async () => {
  const { provider } = await serve();
  const model = provider('bird');
  const refused = generateText({
    model,
    prompt: 'Count',
    providerOptions: { linnet: { reasoningEffort: 'high' } },
    maxRetries: 2,
  });
  await expect(refused).rejects.toThrow('reasoning_effort is not supported');
});

const CALLING =
  'I look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>';

function weatherTool() {
  const asked: string[] = [];
  const weather = tool({
    description: 'The weather in a city',
    inputSchema: jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    }),
    execute: ({ city }) => {
      asked.push(city);
      return { city, weather: 'rain' };
    },
  });
  return { asked, weather };
}

it('calls tools in several steps', async () => {
  const { provider, fake } = await serve({ answers: [CALLING], answer: 'It rains in both.' });
  const { asked, weather } = weatherTool();
  const { text, steps } = await generateText({
    model: provider('bird'),
    prompt: 'Weather?',
    tools: { weather },
    stopWhen: stepCountIs(3),
  });
  expect([text, asked]).toEqual(['It rains in both.', ['Oslo', 'Rome']]);
  expect(steps.map(({ finishReason, text: said }) => [finishReason, said])).toEqual([
    ['tool-calls', 'I look.'],
    ['stop', 'It rains in both.'],
  ]);
  const [first, second] = fake.generations.map(({ input }) => (input.kind === 'chat' ? input : undefined));
  expect(first?.toolUse).toMatchObject({ tools: [{ name: 'weather', description: 'The weather in a city' }] });
  expect(second?.messages.slice(1)).toMatchObject([
    { role: 'assistant', content: 'I look.', toolCalls: [{ id: 'call00001', name: 'weather' }, { id: 'call00002' }] },
    { role: 'tool', toolCallId: 'call00001', content: '{"city":"Oslo","weather":"rain"}' },
    { role: 'tool', toolCallId: 'call00002', content: '{"city":"Rome","weather":"rain"}' },
  ]);
});

it('streams calls, their input piece by piece, and the steps behind them', async () => {
  const { provider } = await serve({ answers: [CALLING], answer: 'It rains in both.' });
  const { asked, weather } = weatherTool();
  const result = streamText({
    model: provider('bird'),
    prompt: 'Weather?',
    tools: { weather },
    stopWhen: stepCountIs(3),
  });
  let input = '';
  const kinds = new Set<string>();
  for await (const part of result.fullStream) {
    kinds.add(part.type);
    if (part.type === 'tool-input-delta') input += part.delta;
  }
  expect(input).toBe('{"city": "Oslo"}{"city": "Rome"}');
  expect([...kinds]).toEqual(expect.arrayContaining(['tool-input-start', 'tool-call', 'tool-result', 'text-delta']));
  expect([await result.text, asked]).toEqual(['It rains in both.', ['Oslo', 'Rome']]);
});

it('stops the engine when it is aborted in the middle of a call', async () => {
  const long = `<tool_call>\n{"name": "weather", "arguments": {"city": "${'very '.repeat(400)}"}}\n</tool_call>`;
  const { provider, fake } = await serve({ answer: long });
  const { asked, weather } = weatherTool();
  const abort = new AbortController();
  const { fullStream } = streamText({
    model: provider('bird'),
    prompt: 'Weather?',
    tools: { weather },
    abortSignal: abort.signal,
  });
  for await (const part of fullStream) if (part.type === 'tool-input-delta') abort.abort();
  await expect.poll(() => fake.aborted).toHaveLength(1);
  expect(asked).toEqual([]);
});

it('generates an object under a schema', async () => {
  const { provider, fake } = await serve({ answer: '{"name": "wren", "legs": 2}' });
  const schema = jsonSchema<{ name: string; legs: number }>({
    type: 'object',
    properties: { name: { type: 'string' }, legs: { type: 'integer' } },
    required: ['name', 'legs'],
    additionalProperties: false,
  });
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- what is written everywhere; `output` asks for the same
  const { object } = await generateObject({ model: provider('bird'), prompt: 'A bird', schema });
  expect(object).toEqual({ name: 'wren', legs: 2 });
  const { grammar } = fake.generations[0] ?? {};
  expect(grammar?.kind === 'jsonSchema' && JSON.parse(grammar.schema)).toMatchObject(schema.jsonSchema);
});
