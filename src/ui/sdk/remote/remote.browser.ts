/** The library in a page: the built-in model in its worker, and a server of another origin, both by one engine. */
import { expect, inject, it, onTestFinished } from 'vitest';
import { createEngine } from '../create-engine.ts';
import type { Linnet } from '../linnet.ts';
import type { RemoteOptions } from './options.ts';
import type { RanOn, Route } from './route.ts';

const { openAi } = inject('servers');
const SHORT = 'What is WebGPU?';
const LONG = 'one two three '.repeat(400);

function engineWith(remote: RemoteOptions): Linnet {
  const engine = createEngine({ remote });
  onTestFinished(() => {
    engine.close();
  });
  return engine;
}

async function ask(engine: Linnet, content: string): Promise<{ text: string; mark: RanOn | undefined }> {
  let text = '';
  let mark: RanOn | undefined;
  const messages = [{ role: 'user', content }] as const;
  for await (const chunk of await engine.chat.completions.create({
    messages,
    stream: true,
    temperature: 0,
    max_tokens: 4,
  })) {
    text += chunk.choices[0]?.delta.content ?? '';
    mark = chunk.linnet;
  }
  return { text, mark };
}

it('answers on the device what fits there, and by the server what does not', { timeout: 300_000 }, async () => {
  const routes: Route[] = [];
  const engine = engineWith({
    baseURL: openAi.open,
    policy: 'localFirst',
    model: 'big',
    apiKey: 'key',
    onRoute: (route) => routes.push(route),
  });
  const url = new URL('/models/linnet-mini-q4_0.gguf', location.href).href;
  const options = { id: 'mini', keep: false, selfTest: 'skip', contextLength: 256 } as const;
  expect(await engine.place({ kind: 'url', url }, options)).toMatchObject({ ranOn: 'device' });
  const here = await ask(engine, SHORT);
  expect(here.mark).toEqual({ ranOn: 'device', reason: 'policy', detail: '' });
  expect(here.text).not.toBe('');
  expect(here.text).not.toContain('afar');
  const there = await ask(engine, LONG);
  expect(there.text).toBe('From afar.');
  expect(there.mark).toMatchObject({ ranOn: 'remote', host: new URL(openAi.open).host, reason: 'promptTooLong' });
  expect(routes.map(({ ranOn }) => ranOn)).toEqual(['device', 'device', 'remote']);
  expect(routes[2]).toMatchObject({ body: { messages: [{ role: 'user', content: LONG }], model: 'big' } });
});

it('says that CORS may be the reason where a page is not told', async () => {
  const engine = engineWith({ baseURL: openAi.noCors, policy: 'remoteFirst', model: 'big', maxRetries: 0 });
  const failed = ask(engine, SHORT);
  await expect(failed).rejects.toMatchObject({ name: 'RemoteFailed', kind: 'unreachable' });
  await expect(failed).rejects.toThrow(/CORS/);
});
