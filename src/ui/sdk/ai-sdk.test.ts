/** The Vercel AI SDK over `createFetch`, through its provider for servers that speak as OpenAI's do. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embedMany, generateText, streamText } from 'ai';
import { expect, it, onTestFinished } from 'vitest';
import type { FakeScript } from '../testing/fake-engine.ts';
import { fakeLibrary } from '../testing/sdk.ts';
import { createFetch } from './fetch.ts';

async function serve(script: Partial<FakeScript> = {}) {
  const { engine, fake } = await fakeLibrary(script);
  onTestFinished(() => {
    engine.close();
  });
  const provider = createOpenAICompatible({
    name: 'linnet',
    baseURL: 'http://linnet/v1',
    fetch: createFetch(engine),
    includeUsage: true,
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
