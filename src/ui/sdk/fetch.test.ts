/** The official `openai` client over `createFetch`, and what a bare fetch gets. */
import OpenAI from 'openai';
import type { RunnableToolFunctionWithParse } from 'openai/lib/RunnableFunction';
import { expect, it } from 'vitest';
import type { FakeEngine, FakeScript } from '../testing/fake-engine.ts';
import { fakeLibrary } from '../testing/sdk.ts';
import { createFetch } from './fetch.ts';

const MESSAGES: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Count' }];
const CHAT = { model: 'bird', messages: MESSAGES };

interface Served {
  readonly client: OpenAI;
  readonly fetch: typeof fetch;
  readonly fake: FakeEngine;
}

async function serve(script: Partial<FakeScript> = {}): Promise<Served> {
  const { engine, fake } = await fakeLibrary(script);
  const served = createFetch(engine);
  return { fetch: served, fake, client: new OpenAI({ baseURL: 'http://linnet/v1', apiKey: 'none', fetch: served }) };
}

it('answers a chat, whole and streamed', async () => {
  const { client } = await serve({ answer: 'one two three' });
  const { choices, usage } = await client.chat.completions.create(CHAT);
  expect(choices[0]?.message.content).toBe('one two three');
  expect(usage).toMatchObject({ prompt_tokens: 32, completion_tokens: 4 });
  const stream = await client.chat.completions.create({
    ...CHAT,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let streamed: OpenAI.CompletionUsage | undefined;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    streamed = chunk.usage ?? streamed;
  }
  expect(text).toBe('one two three');
  expect(streamed).toEqual(usage);
});

it('serves the client’s helper that gathers a stream, with samples and log-probabilities', async () => {
  const { client } = await serve({ answer: 'one two' });
  const stream = client.chat.completions.stream({ ...CHAT, n: 2, logprobs: true, top_logprobs: 1 });
  const { choices } = await stream.finalChatCompletion();
  expect(choices.map(({ message, finish_reason }) => [message.content, finish_reason])).toEqual([
    ['one two', 'stop'],
    ['one two', 'stop'],
  ]);
  expect(choices[1]?.logprobs?.content?.map(({ token }) => token)).toEqual(['one', ' two']);
});

it('goes on with texts, whole and streamed', async () => {
  const { client } = await serve({ answer: 'one two' });
  const params = { model: 'bird', prompt: 'a' };
  expect((await client.completions.create(params)).choices[0]?.text).toBe('one two');
  let text = '';
  for await (const piece of await client.completions.create({ ...params, stream: true }))
    text += piece.choices[0]?.text ?? '';
  expect(text).toBe('one two');
});

it('embeds: the client asks for base64 by itself', async () => {
  const { client } = await serve();
  const { data } = await client.embeddings.create({ model: 'bird', input: ['a', 'b'] });
  expect(data.map(({ embedding }) => embedding)).toEqual([
    [1, 0],
    [1, 0],
  ]);
});

it('asks for answers in a form, of OpenAI’s kinds and of ours', async () => {
  const { client, fetch, fake } = await serve({ answer: '{"a": 1}' });
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
  const described = { name: 'a', schema, strict: true };
  const parsed = await client.chat.completions.parse({
    ...CHAT,
    response_format: { type: 'json_schema', json_schema: described },
  });
  expect(parsed.choices[0]?.message.content).toBe('{"a": 1}');
  await client.chat.completions.create({ ...CHAT, response_format: { type: 'json_object' } });
  await client.chat.completions.create({ ...CHAT, response_format: { type: 'text' } });
  const ask = (path: string, body: object) =>
    fetch(`http://linnet/v1/${path}`, { method: 'POST', body: JSON.stringify({ model: 'bird', ...body }) });
  await ask('completions', { prompt: 'a', response_format: { type: 'regex', pattern: 'a+' } });
  await ask('completions', { prompt: 'a', response_format: { type: 'ebnf', grammar: 's ::= "a"', root: 's' } });
  expect(fake.generations.map(({ grammar }) => grammar)).toEqual([
    { kind: 'jsonSchema', schema: JSON.stringify(schema) },
    { kind: 'jsonSchema', schema: '{"type":"object"}' },
    undefined,
    { kind: 'regex', pattern: 'a+' },
    { kind: 'ebnf', text: 's ::= "a"', root: 's' },
  ]);
});

it('says what is wrong with a form', async () => {
  const message = 'The schema at # has multipleOf, which cannot be kept.';
  const { client } = await serve({ fail: { generate: { name: 'GrammarFailed', message } } });
  const failed = client.chat.completions.create({ ...CHAT, response_format: { type: 'json_object' } });
  await expect(failed).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('multipleOf') as string });
});

it('lists what is loaded', async () => {
  const { client } = await serve();
  const ids: string[] = [];
  for await (const { id } of client.models.list()) ids.push(id);
  expect(ids).toEqual(['bird']);
  expect((await client.models.retrieve('bird')).id).toBe('bird');
});

it('says what is wrong in OpenAI’s error bodies', async () => {
  const { client, fetch, fake } = await serve();
  const refused = client.chat.completions.create({ ...CHAT, reasoning_effort: 'high' });
  await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  await expect(refused).rejects.toMatchObject({ param: 'reasoning_effort', code: 'unsupported_parameter' });
  await expect(client.models.retrieve('crow')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  await expect(client.files.list()).rejects.toMatchObject({ status: 404, code: 'unknown_url' });
  expect(fake.generations).toEqual([]);

  const response = await fetch('http://linnet/v1/chat/completions', { method: 'POST', body: 'not JSON' });
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    error: {
      message: 'The body of the request must be an object in JSON.',
      type: 'invalid_request_error',
      param: 'body',
      code: 'invalid_value',
    },
  });
});

it('tells an error of the engine once, before a stream and within it', async () => {
  const full = { name: 'ContextFull', message: 'too long' } as const;
  const refusing = await serve({ fail: { prompt: full } });
  const refused = refusing.client.chat.completions.create({ ...CHAT, stream: true });
  await expect(refused).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });

  const lost = { name: 'DeviceLost', message: 'gone' } as const;
  const failing = await serve({ fail: { generate: lost } });
  await expect(failing.client.chat.completions.create(CHAT)).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  expect(failing.fake.generations).toHaveLength(1);
  const read = async () => {
    for await (const _chunk of await failing.client.chat.completions.create({ ...CHAT, stream: true }));
  };
  await expect(read()).rejects.toMatchObject({ code: 'DeviceLost', message: 'gone' });
});

it('stops the engine when the client aborts, leaves the loop or cancels', async () => {
  const { client, fetch, fake } = await serve({ answer: 'word '.repeat(400) });
  const stream = await client.chat.completions.create({ ...CHAT, stream: true });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'word') break;
  await expect.poll(() => fake.aborted).toHaveLength(1);

  const abort = new AbortController();
  const whole = client.chat.completions.create(CHAT, { signal: abort.signal });
  setTimeout(() => {
    abort.abort();
  }, 20);
  await expect(whole).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
  await expect.poll(() => fake.aborted).toHaveLength(2);

  const body = JSON.stringify({ ...CHAT, stream: true });
  const response = await fetch('http://linnet/v1/chat/completions', { method: 'POST', body });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  await response.body?.cancel();
  await expect.poll(() => fake.aborted).toHaveLength(3);
});

const WEATHER: OpenAI.ChatCompletionFunctionTool = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const CALLING = 'I look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>';

it('calls tools, whole, streamed and gathered by the client’s helper', async () => {
  const { client } = await serve({ answer: CALLING });
  const expected = [{ type: 'function', function: { name: 'weather', arguments: '{"city": "Oslo"}' } }];
  const whole = await client.chat.completions.create({ ...CHAT, tools: [WEATHER] });
  expect(whole.choices[0]).toMatchObject({
    message: { content: 'I look.', tool_calls: expected },
    finish_reason: 'tool_calls',
  });
  const pieces: string[] = [];
  const stream = client.chat.completions.stream({ ...CHAT, tools: [WEATHER] });
  stream.on('tool_calls.function.arguments.delta', ({ arguments_delta: piece }) => void pieces.push(piece));
  const { choices } = await stream.finalChatCompletion();
  expect(choices[0]).toMatchObject({
    message: { content: 'I look.', tool_calls: expected },
    finish_reason: 'tool_calls',
  });
  expect(pieces.join('')).toBe('{"city": "Oslo"}');
});

it.each([true, false])('runs tools by the client’s helper until there is an answer (stream: %s)', async (stream) => {
  const { client, fake } = await serve({ answers: [CALLING], answer: 'It rains.' });
  const asked: unknown[] = [];
  const weather: RunnableToolFunctionWithParse<{ city: string }> = {
    type: 'function',
    function: {
      name: 'weather',
      description: 'The weather in a city',
      parameters: WEATHER.function.parameters ?? {},
      parse: (json) => JSON.parse(json) as { city: string },
      function: (given) => {
        asked.push(given);
        return { weather: 'rain' };
      },
    },
  };
  const params = { ...CHAT, tools: [weather] };
  const runner = stream
    ? client.chat.completions.runTools({ ...params, stream: true })
    : client.chat.completions.runTools(params);
  expect(await runner.finalContent()).toBe('It rains.');
  expect(asked).toEqual([{ city: 'Oslo' }]);
  const [, second] = fake.generations;
  const messages = second?.input.kind === 'chat' ? second.input.messages : [];
  expect(messages.slice(1)).toEqual([
    {
      role: 'assistant',
      content: 'I look.',
      toolCalls: [{ id: 'call00001', name: 'weather', arguments: '{"city": "Oslo"}' }],
    },
    { role: 'tool', content: '{"weather":"rain"}', toolCallId: 'call00001' },
  ]);
});
