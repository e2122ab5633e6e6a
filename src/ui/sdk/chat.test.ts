/** `chat.completions.create` over a scripted engine: shapes, what the engine is asked, what is refused. */
import { expect, it } from 'vitest';
import { all, fakeLibrary } from '../testing/sdk.ts';
import type { ChatCompletionChunk, ChatCompletionCreateParams } from './openai-types.ts';

const MESSAGES = [{ role: 'user', content: 'Count' }] as const;

function textOf(chunks: readonly ChatCompletionChunk[], index = 0): string {
  return chunks
    .flatMap(({ choices }) => choices)
    .filter((choice) => choice.index === index)
    .map(({ delta }) => delta.content ?? '')
    .join('');
}

it('answers at once, with what it cost', async () => {
  const { engine } = await fakeLibrary({ answer: 'one two three' });
  const before = Math.floor(Date.now() / 1000);
  const { id, created, ...completion } = await engine.chat.completions.create({ messages: MESSAGES, seed: 5 });
  expect(id).toMatch(/^chatcmpl-[0-9a-f]{32}$/);
  expect(created).toBeGreaterThanOrEqual(before);
  const usage = {
    prompt_tokens: 32,
    completion_tokens: 4,
    total_tokens: 36,
    prompt_tokens_details: { cached_tokens: 0 },
    timings: {
      time_to_first_token_ms: 212,
      prefill_ms: 180,
      decode_ms: 80,
      prefill_tokens_per_second: 178,
      decode_tokens_per_second: expect.closeTo(48.3, 9) as number,
    },
  };
  expect(completion).toEqual({
    object: 'chat.completion',
    model: 'bird',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'one two three', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
        seed: 5,
        usage,
      },
    ],
    usage,
  });
});

it('streams the same text, with the role in front and the usage behind', async () => {
  const { engine } = await fakeLibrary({ answer: 'one two three' });
  const chunks = await all(
    await engine.chat.completions.create({
      messages: MESSAGES,
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  expect(textOf(chunks)).toBe('one two three');
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  expect(chunks[0]).toMatchObject({
    object: 'chat.completion.chunk',
    model: 'bird',
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null, logprobs: null }],
    usage: null,
  });
  expect(chunks.at(-2)?.choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 32, completion_tokens: 4 } });
  const plain = await all(await engine.chat.completions.create({ messages: MESSAGES, stream: true }));
  expect(plain.some((chunk) => 'usage' in chunk)).toBe(false);
});

it('asks the engine in its own words', async () => {
  const { engine, fake } = await fakeLibrary();
  await engine.chat.completions.create({
    model: 'bird',
    messages: [
      { role: 'developer', content: 'Be brief' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hel' },
          { type: 'text', text: 'lo' },
        ],
      },
    ],
    temperature: 0.5,
    top_p: 0.9,
    top_k: 7,
    min_p: 0.1,
    repetition_penalty: 1.1,
    presence_penalty: 0.2,
    frequency_penalty: null,
    logit_bias: { 12: -100 },
    seed: 9,
    stop: 'END',
    max_completion_tokens: 30,
    logprobs: true,
    top_logprobs: 2,
    ignore_eos: true,
    prediction: { type: 'content', content: 'Hello there' },
    prompt_cache_key: 'talk',
    // What asks for nothing is no reason to refuse.
    user: 'somebody',
    ...({ tools: [], response_format: { type: 'text' }, store: null } as object),
  });
  const [{ client: _client, request: _request, ...asked } = {}] = fake.generations;
  expect(asked).toEqual({
    model: 'model-1',
    input: {
      kind: 'chat',
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'Hello' },
      ],
    },
    sampling: {
      temperature: 0.5,
      topP: 0.9,
      topK: 7,
      minP: 0.1,
      repetitionPenalty: 1.1,
      presencePenalty: 0.2,
      logitBias: { 12: -100 },
      seed: 9,
      topLogprobs: 2,
    },
    stop: ['END'],
    maxTokens: 30,
    ignoreEos: true,
    hints: ['Hello there'],
    conversation: 'talk',
  });
});

it('takes several samples, each with a seed of its own, and counts their prompt once', async () => {
  const { engine, fake } = await fakeLibrary({ answer: 'one two' });
  const { choices, usage } = await engine.chat.completions.create({ messages: MESSAGES, n: 3, seed: 0xffffffff });
  expect(choices.map(({ index, seed }) => [index, seed])).toEqual([
    [0, 0xffffffff],
    [1, 0],
    [2, 1],
  ]);
  expect(fake.generations.map(({ sampling }) => sampling?.seed)).toEqual([0xffffffff, 0, 1]);
  const [first] = fake.generations;
  expect(fake.generations.map(({ samePromptAs }) => samePromptAs)).toEqual([undefined, first?.request, first?.request]);
  expect(usage).toMatchObject({ prompt_tokens: 32, completion_tokens: 6, total_tokens: 38 });
  const chunks = await all(await engine.chat.completions.create({ messages: MESSAGES, n: 3, stream: true }));
  for (const index of [0, 1, 2]) expect(textOf(chunks, index)).toBe('one two');
});

it('reports tokens with their bytes, without the end token, in streams as at once', async () => {
  const { engine } = await fakeLibrary({ answer: 'é ü' });
  const params = { messages: MESSAGES, logprobs: true, top_logprobs: 2 } as const;
  const { choices } = await engine.chat.completions.create(params);
  const content = choices[0]?.logprobs?.content;
  expect(content?.map(({ token }) => token)).toEqual(['é', ' ü']);
  expect(content?.[0]).toEqual({
    token: 'é',
    bytes: [0xc3, 0xa9],
    logprob: Math.log(0.5),
    top_logprobs: [
      { token: 'é', bytes: [0xc3, 0xa9], logprob: Math.log(0.5) },
      { token: 'é1', bytes: [0xc3, 0xa9, 0x31], logprob: 2 * Math.log(0.5) },
    ],
  });
  const chunks = await all(await engine.chat.completions.create({ ...params, stream: true }));
  expect(chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.content ?? [])).toEqual(content);
});

it.each<[param: string, code: string, params: object]>([
  ['response_format.type', 'unsupported_parameter', { response_format: { type: 'xml' } }],
  ['response_format.json_schema', 'missing_parameter', { response_format: { type: 'json_schema' } }],
  ['response_format.pattern', 'missing_parameter', { response_format: { type: 'regex' } }],
  ['reasoning_effort', 'unsupported_parameter', { reasoning_effort: 'high' }],
  ['toString', 'unsupported_parameter', { toString: 1 }],
  ['messages', 'missing_parameter', { messages: undefined }],
  ['messages', 'invalid_value', { messages: [] }],
  ['messages[0].role', 'unsupported_parameter', { messages: [{ role: 'function', content: '7' }] }],
  ['messages[0].content', 'invalid_value', { messages: [{ role: 'assistant', content: null }] }],
  [
    'messages[0].content[0].type',
    'unsupported_parameter',
    { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
  ],
  ['n', 'invalid_value', { n: 0 }],
  ['top_logprobs', 'invalid_value', { top_logprobs: 2 }],
  ['max_tokens', 'invalid_value', { max_tokens: 2, max_completion_tokens: 3 }],
  ['stream_options', 'invalid_value', { stream_options: { include_usage: true } }],
])('refuses %s by name (%s)', async (param, code, params) => {
  const { engine, fake } = await fakeLibrary();
  const request = { messages: MESSAGES, ...params } as ChatCompletionCreateParams;
  const refused = engine.chat.completions.create(request);
  await expect(refused).rejects.toMatchObject({ name: 'InvalidRequest', param, code });
  await expect(refused).rejects.toThrow(param);
  expect(fake.generations).toEqual([]);
});

it('rejects before it streams where the engine refuses, and throws in the loop what comes later', async () => {
  const full = { name: 'ContextFull', message: 'too long' } as const;
  const refusing = await fakeLibrary({ fail: { prompt: full } });
  for (const stream of [true, false]) {
    const refused = refusing.engine.chat.completions.create({ messages: MESSAGES, stream });
    await expect(refused).rejects.toMatchObject(full);
  }
  const failing = await fakeLibrary({ fail: { generate: { name: 'DeviceLost', message: 'gone' } } });
  const chunks: ChatCompletionChunk[] = [];
  const read = async () => {
    for await (const chunk of await failing.engine.chat.completions.create({ messages: MESSAGES, stream: true }))
      chunks.push(chunk);
  };
  await expect(read()).rejects.toMatchObject({ name: 'DeviceLost' });
  expect(textOf(chunks)).toBe('Once upon a time there');
});

it('ends all samples when the loop is left, the controller aborts or the signal does', async () => {
  const { engine, fake } = await fakeLibrary({ answer: 'word '.repeat(400) });
  const params = { messages: MESSAGES, n: 2, stream: true } as const;

  for await (const chunk of await engine.chat.completions.create(params)) if (textOf([chunk]) !== '') break;
  expect(fake.aborted).toHaveLength(2);

  const stream = await engine.chat.completions.create(params);
  for await (const chunk of stream) if (textOf([chunk]) !== '') stream.controller.abort();
  expect(fake.aborted).toHaveLength(4);

  const caller = new AbortController();
  const read = async () => {
    for await (const chunk of await engine.chat.completions.create(params, { signal: caller.signal }))
      if (textOf([chunk]) !== '') caller.abort();
  };
  await expect(read()).rejects.toMatchObject({ name: 'Aborted' });
  const whole = engine.chat.completions.create({ messages: MESSAGES }, { signal: AbortSignal.timeout(20) });
  await expect(whole).rejects.toMatchObject({ name: 'Aborted' });
});

it('tells what the generation says meanwhile', async () => {
  const { engine } = await fakeLibrary({ notes: { model: [], answer: ['the template failed'] } });
  const heard: unknown[] = [];
  const onEvents = (events: readonly { readonly kind: string }[], index: number) =>
    heard.push(...events.map(({ kind }) => [kind, index]));
  await engine.chat.completions.create({ messages: MESSAGES, n: 2 }, { onEvents });
  expect(heard).toContainEqual(['note', 0]);
  expect(heard).toContainEqual(['note', 1]);
});
