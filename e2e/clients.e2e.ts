/**
 * The clients of other people, in a page, with the engine behind them: OpenAI's and the Vercel AI SDK, as docs/api/tools.md says they are
 * used. The built-in model answers: it knows what WebGPU is, and which of two tools a request is for.
 */
import { join } from 'node:path';
import { documentedFile, expect, test } from './consumer.ts';
import { LOAD } from './visitor.ts';

const MAIN = `
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { streamText } from 'ai';
import { createEngine, createFetch } from 'linnet';
import OpenAI from 'openai';
import { setTimers } from './ai.ts';
import { timers } from './openai.ts';

const engine = createEngine();
await engine.load({ kind: 'url', url: '/linnet-mini-q4_0.gguf' }, { id: 'mini' });
const baseURL = 'http://linnet/v1';
const fetch = createFetch(engine);
const client = new OpenAI({ baseURL, apiKey: 'none', dangerouslyAllowBrowser: true, fetch });
const provider = createOpenAICompatible({ name: 'linnet', baseURL, fetch });
const chat = { model: 'mini', temperature: 0, messages: [{ role: 'user', content: 'What is WebGPU?' }] } as const;

const tests = {
  chat: async () => (await client.chat.completions.create({ ...chat, messages: [...chat.messages] })).choices[0]?.message.content,
  stream: async () => {
    let text = '';
    for await (const { choices } of await client.chat.completions.create({ ...chat, messages: [...chat.messages], stream: true }))
      text += choices[0]?.delta.content ?? '';
    return text;
  },
  ai: async () => streamText({ model: provider('mini'), temperature: 0, prompt: 'What is WebGPU?' }).text,
  aborted: async () => {
    const abort = new AbortController();
    const { fullStream } = streamText({ model: provider('mini'), prompt: 'Tell me a story.', abortSignal: abort.signal });
    const kinds = new Set<string>();
    for await (const { type } of fullStream) {
      kinds.add(type);
      if (type === 'text-delta') abort.abort();
    }
    return [...kinds];
  },
  openaiTools: (question: string) => timers(engine, question),
  aiTools: (question: string) => setTimers(engine, question),
};
export type Tests = typeof tests;
Object.assign(globalThis, { tests });
document.querySelector('output')?.append('ready');
`;

interface Tests {
  chat(): Promise<string>;
  stream(): Promise<string>;
  ai(): Promise<string>;
  aborted(): Promise<string[]>;
  openaiTools(question: string): Promise<unknown[]>;
  aiTools(question: string): Promise<number[]>;
}

declare const tests: Tests;

const RING = 'I want to hear a ring after 73 minutes.';

test('OpenAI’s client and the Vercel AI SDK chat, stream, call tools and abort in the page', async ({
  page,
  consumer,
  serveFolder,
}) => {
  test.setTimeout(300_000);
  for (const name of ['openai', 'ai', '@ai-sdk/openai-compatible']) consumer.link(name);
  consumer.write('index.html', '<!doctype html><output></output><script type="module" src="/src/main.ts"></script>');
  consumer.write('src/main.ts', MAIN);
  for (const file of ['openai.ts', 'ai.ts']) consumer.write(`src/${file}`, documentedFile(`src/${file}`, 'tools.md'));
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
  };
  consumer.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
  consumer.run('tsc', '-p', '.');
  consumer.run('vite', 'build');
  const app = await serveFolder({ root: join(consumer.folder, 'dist') });
  await page.goto(app.url);
  await expect(page.locator('output')).toHaveText('ready', LOAD);

  const text = await page.evaluate(() => tests.chat());
  expect(text).toMatch(/WebGPU is .*page.*\./s);
  expect(await page.evaluate(() => tests.stream())).toBe(text);
  expect(await page.evaluate(() => tests.ai())).toBe(text);
  expect(await page.evaluate((question) => tests.openaiTools(question), RING)).toEqual([{ duration: 73 }]);
  expect(await page.evaluate((question) => tests.aiTools(question), RING)).toEqual([73]);
  expect(await page.evaluate(() => tests.aborted())).toContain('abort');
  // The engine is there for the next one.
  expect(await page.evaluate(() => tests.chat())).toBe(text);
});
