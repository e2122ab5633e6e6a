/** `completions`, `embeddings` and `models` over a scripted engine. */
import { expect, it } from 'vitest';
import { fakeLibrary } from '../testing/sdk.ts';
import type { CompletionChunk, CompletionCreateParams, EmbeddingCreateParams } from './openai-types.ts';

const SOURCE = { kind: 'url', url: 'https://example.test/m.gguf' } as const;

it('goes on with texts and ids, several samples of each', async () => {
  const { engine, fake } = await fakeLibrary({ answer: 'one two' });
  const { choices, usage, object } = await engine.completions.create({ prompt: ['a', 'b'], n: 2, seed: 3 });
  expect(object).toBe('text_completion');
  expect(choices.map(({ index, text, seed }) => [index, text, seed])).toEqual([
    [0, 'one two', 3],
    [1, 'one two', 4],
    [2, 'one two', 3],
    [3, 'one two', 4],
  ]);
  expect(usage).toMatchObject({ prompt_tokens: 64, completion_tokens: 8, total_tokens: 72 });
  expect(fake.generations.map(({ input }) => input)).toEqual([
    { kind: 'text', text: 'a' },
    { kind: 'text', text: 'a' },
    { kind: 'text', text: 'b' },
    { kind: 'text', text: 'b' },
  ]);
  expect(fake.generations[0]?.maxTokens).toBe(16);
  await engine.completions.create({ prompt: [1, 2, 3], max_tokens: 4 });
  expect(fake.generations.at(-1)).toMatchObject({ input: { kind: 'tokens', ids: [1, 2, 3] }, maxTokens: 4 });
});

it('streams texts and reports tokens as at once', async () => {
  const { engine } = await fakeLibrary({ answer: 'one two three' });
  const params = { prompt: 'a', logprobs: 2 } as const;
  const { choices } = await engine.completions.create(params);
  const whole = choices[0]?.logprobs;
  expect(whole).toEqual({
    tokens: ['one', ' two', ' three'],
    token_logprobs: [Math.log(0.5), Math.log(0.5), Math.log(0.5)],
    top_logprobs: ['one', ' two', ' three'].map((text) => ({
      [text]: Math.log(0.5),
      [`${text}1`]: 2 * Math.log(0.5),
    })),
    text_offset: [0, 3, 7],
  });
  const chunks: CompletionChunk['choices'] = [];
  for await (const chunk of await engine.completions.create({ ...params, stream: true })) chunks.push(...chunk.choices);
  expect(chunks.map(({ text }) => text).join('')).toBe('one two three');
  expect(chunks.flatMap(({ logprobs }) => logprobs?.tokens ?? [])).toEqual(whole?.tokens);
  expect(chunks.flatMap(({ logprobs }) => logprobs?.text_offset ?? [])).toEqual(whole?.text_offset);
  expect(chunks.at(-1)?.finish_reason).toBe('stop');
});

it('gives vectors as numbers and as base64', async () => {
  const { engine } = await fakeLibrary();
  const { data, usage, model } = await engine.embeddings.create({ input: ['one', 'two'] });
  expect(data).toEqual([
    { object: 'embedding', index: 0, embedding: [1, 0] },
    { object: 'embedding', index: 1, embedding: [1, 0] },
  ]);
  expect([model, usage]).toEqual(['bird', { prompt_tokens: 2, total_tokens: 2 }]);
  const encoded = await engine.embeddings.create({ input: 'one', encoding_format: 'base64' });
  const bytes = Uint8Array.from(atob(encoded.data[0]?.embedding ?? ''), (character) => character.charCodeAt(0));
  expect([...new Float32Array(bytes.buffer)]).toEqual([1, 0]);
});

it.each<[param: string, params: object]>([
  ['echo', { prompt: 'a', echo: true }],
  ['suffix', { prompt: 'a', suffix: 'z' }],
  ['best_of', { prompt: 'a', best_of: 2 }],
  ['tools', { prompt: 'a', tools: [] }],
  ['prompt', {}],
  ['prompt', { prompt: [] }],
  ['prompt[1]', { prompt: ['a', 1] }],
])('refuses %s of a completion', async (param, params) => {
  const { engine } = await fakeLibrary();
  await expect(engine.completions.create(params as CompletionCreateParams)).rejects.toMatchObject({ param });
});

it.each<[param: string, params: object]>([
  ['dimensions', { input: 'a', dimensions: 2 }],
  ['encoding_format', { input: 'a', encoding_format: 'int8' }],
  ['input', {}],
  ['pooling', { input: 'a', pooling: 'last' }],
])('refuses %s of an embedding', async (param, params) => {
  const { engine } = await fakeLibrary();
  await expect(engine.embeddings.create(params as EmbeddingCreateParams)).rejects.toMatchObject({ param });
});

it('calls models by the names they were loaded under, or by their own', async () => {
  const { engine, fake, model } = await fakeLibrary();
  expect(await engine.models.list()).toEqual({
    object: 'list',
    data: [{ id: 'bird', object: 'model', created: model.created, owned_by: 'linnet' }],
  });
  const second = await engine.load(SOURCE);
  const third = await engine.load(SOURCE);
  expect([second.id, third.id]).toEqual(['Llama 3.2 1B Instruct', 'Llama 3.2 1B Instruct-2']);
  await engine.completions.create({ model: third.id, prompt: 'a' });
  expect(fake.generations.at(-1)?.model).toBe('model-3');
  await expect(engine.load(SOURCE, { id: 'bird' })).rejects.toMatchObject({ param: 'id' });
  await expect(engine.completions.create({ prompt: 'a' })).rejects.toMatchObject({ code: 'missing_parameter' });
  await expect(engine.models.retrieve('crow')).rejects.toMatchObject({ name: 'ModelNotLoaded' });
  await second.unload();
  await third.unload();
  expect((await engine.models.retrieve('bird')).id).toBe('bird');
  await model.unload();
  await expect(engine.completions.create({ prompt: 'a' })).rejects.toMatchObject({ name: 'ModelNotLoaded' });
});

it('lets an id go when its load fails', async () => {
  const { engine } = await fakeLibrary();
  const aborted = engine.load(SOURCE, { id: 'crow', signal: AbortSignal.abort() });
  await expect(engine.load(SOURCE, { id: 'crow' })).rejects.toMatchObject({ param: 'id' });
  await expect(aborted).rejects.toMatchObject({ name: 'Aborted' });
  expect((await engine.load(SOURCE, { id: 'crow' })).id).toBe('crow');
});
