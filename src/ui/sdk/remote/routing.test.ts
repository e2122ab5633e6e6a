/** The library with a scripted engine on the one side and a server over real HTTP on the other: who is asked, and what the mark says. */
import OpenAI from 'openai';
import { expect, it, onTestFinished } from 'vitest';
import {
  chatAnswer,
  chatChunk,
  chatStream,
  eventStream,
  json,
  serveOpenAi,
  type OpenAiServer,
  type ServedAnswer,
} from '../../../../tools/test-servers/serve-openai.ts';
import { FakeEngine, type FakeScript } from '../../testing/fake-engine.ts';
import { createEngine } from '../create-engine.ts';
import { createFetch } from '../fetch.ts';
import type { Linnet, Model } from '../linnet.ts';
import type { RemoteOptions, RemoteTimeouts } from './options.ts';
import type { RanOn, Route } from './route.ts';

const SOURCE = { kind: 'url', url: 'https://example.test/m.gguf' } as const;
const MESSAGES = [{ role: 'user', content: 'Hello' }] as const;
const FULL = { name: 'ContextFull', message: 'too long' } as const;
const BUSY = json({ error: { message: 'busy' } }, 503);

interface Both {
  readonly engine: Linnet;
  /** `bird`, where it is loaded. */
  readonly model: Model | undefined;
  readonly fake: FakeEngine;
  readonly http: OpenAiServer;
  readonly routes: Route[];
  readonly host: string;
}

interface Setup {
  readonly script?: Partial<FakeScript>;
  readonly remote?: Partial<RemoteOptions>;
  readonly answers?: readonly ServedAnswer[];
  /** Default: `bird` is. */
  readonly loads?: boolean;
}

async function both({ script = {}, remote = {}, answers, loads = true }: Setup): Promise<Both> {
  const http = await serveOpenAi(answers);
  const fake = new FakeEngine({ answer: 'A local answer.', ...script });
  const routes: Route[] = [];
  const options = {
    baseURL: http.baseURL,
    model: 'big',
    maxRetries: 0,
    onRoute: (route: Route) => void routes.push(route),
  };
  const engine = createEngine({ open: () => fake.open(), remote: { ...options, ...remote } });
  onTestFinished(async () => {
    engine.close();
    await http.close();
  });
  const model = loads ? await engine.load(SOURCE, { id: 'bird' }) : undefined;
  return { engine, model, fake, http, routes, host: new URL(http.origin).host };
}

/** Whole, and what it is marked with. */
async function ask(engine: Linnet, more: object = {}): Promise<{ text: string; mark: RanOn | undefined }> {
  const answer = await engine.chat.completions.create({ messages: MESSAGES, ...more });
  expect(answer.usage.linnet).toEqual(answer.linnet);
  return { text: answer.choices[0]?.message.content ?? '', mark: answer.linnet };
}

async function askStream(engine: Linnet, more: object = {}): Promise<{ text: string; marks: Set<string> }> {
  let text = '';
  const marks = new Set<string>();
  for await (const chunk of await engine.chat.completions.create({ messages: MESSAGES, ...more, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? '';
    marks.add(JSON.stringify(chunk.linnet));
  }
  return { text, marks };
}

it('asks nobody else with the policy local, the default, and no server at all where none is named', async () => {
  const { engine, http, routes } = await both({ script: { fail: { prompt: FULL } } });
  await expect(ask(engine)).rejects.toMatchObject(FULL);
  await expect(askStream(engine)).rejects.toMatchObject(FULL);
  expect((await engine.models.list()).data.map(({ id }) => id)).toEqual(['bird']);
  expect(http.received).toEqual([]);
  expect(routes.map(({ ranOn }) => ranOn)).toEqual(['device', 'device']);
  const fake = new FakeEngine();
  const alone = createEngine({ open: () => fake.open() });
  onTestFinished(() => {
    alone.close();
  });
  await expect(alone.place(SOURCE)).rejects.toMatchObject({ code: 'missing_parameter' });
});

it('localFirst answers on the device and says so', async () => {
  const { engine, http } = await both({ remote: { policy: 'localFirst' } });
  const here: RanOn = { ranOn: 'device', reason: 'policy', detail: '' };
  expect(await ask(engine)).toEqual({ text: 'A local answer.', mark: here });
  expect(await askStream(engine)).toEqual({ text: 'A local answer.', marks: new Set([JSON.stringify(here)]) });
  expect(http.received).toEqual([]);
});

it('localFirst sends a prompt that does not fit, and tells before what it sends', async () => {
  const { engine, http, routes, host } = await both({
    script: { fail: { prompt: FULL } },
    remote: { policy: 'localFirst', server: 'vllm' },
    answers: [chatAnswer('From afar.'), chatStream(['From ', 'afar.'])],
  });
  const there: RanOn = { ranOn: 'remote', host, reason: 'promptTooLong', detail: 'too long' };
  expect(await ask(engine, { model: 'bird', top_k: 3 })).toEqual({ text: 'From afar.', mark: there });
  const body = { messages: MESSAGES, top_k: 3, model: 'big' };
  expect(http.received[0]?.body).toEqual(body);
  expect(routes).toEqual([
    { ranOn: 'device', reason: 'policy', detail: '' },
    { ...there, url: `${http.baseURL}/chat/completions`, sentBytes: JSON.stringify(body).length, body },
  ]);
  expect(await askStream(engine)).toEqual({ text: 'From afar.', marks: new Set([JSON.stringify(there)]) });
});

it('localFirst keeps to the device what a veto forbids, and fails as the device does', async () => {
  const { engine, http } = await both({
    script: { fail: { prompt: FULL } },
    remote: { policy: 'localFirst', onRoute: ({ ranOn }) => Promise.resolve(ranOn === 'device') },
  });
  await expect(ask(engine)).rejects.toMatchObject(FULL);
  expect(http.received).toEqual([]);
});

it('localFirst does not send what is wrong with a request', async () => {
  const { engine, http } = await both({ remote: { policy: 'localFirst' } });
  await expect(ask(engine, { n: 0 })).rejects.toMatchObject({ name: 'InvalidRequest', param: 'n' });
  await expect(
    engine.chat.completions.create({ messages: MESSAGES }, { signal: AbortSignal.abort() }),
  ).rejects.toThrow();
  expect(http.received).toEqual([]);
});

it.each<[reason: string, script: Partial<FakeScript>, remote: Partial<RemoteOptions>]>([
  ['noWebGpu', { noWebGpuReason: 'no adapter' }, {}],
  ['modelTooLarge', {}, { maxGpuBytes: 0.9e9 }],
  ['modelTooLarge', { fail: { load: { name: 'OutOfMemory', message: 'too much' } } }, {}],
  ['modelUnsupported', { fail: { inspect: { name: 'UnsupportedArchitecture', message: 'mamba' } } }, {}],
  // 1 235 million weights at 10^12 a second.
  ['deviceTooSlow', {}, { minTokensPerSecond: 1000 }],
])('localFirst finds no place here for a model: %s', async (reason, script, remote) => {
  const { engine, fake } = await both({ script, remote: { ...remote, policy: 'localFirst' }, loads: false });
  const placement = await engine.place(SOURCE, { id: 'bird' });
  expect(placement).toMatchObject({ ranOn: 'remote', id: 'bird', reason });
  expect(fake.loads).toHaveLength(reason === 'modelTooLarge' && script.fail !== undefined ? 1 : 0);
  for (const model of ['bird', undefined]) {
    const { text, mark } = await ask(engine, model === undefined ? {} : { model });
    expect([text, mark?.ranOn, mark?.reason]).toEqual(['A remote answer.', 'remote', reason]);
  }
});

it('fails for its own reason where such a model is not to be asked for elsewhere', async () => {
  const remote = { policy: 'localFirst', onRoute: () => false } as const;
  const { engine, http } = await both({ script: { noWebGpuReason: 'no adapter' }, remote, loads: false });
  await engine.place(SOURCE, { id: 'bird' });
  await expect(ask(engine)).rejects.toMatchObject({ name: 'NoWebGpu', message: 'no adapter' });
  expect(http.received).toEqual([]);
});

it('places on the device what fits and is fast enough, and throws what a server would not help with', async () => {
  const remote = { policy: 'localFirst', minTokensPerSecond: 100, maxGpuBytes: 2e9 } as const;
  const { engine } = await both({ remote, loads: false });
  expect(await engine.place(SOURCE, { id: 'bird' })).toMatchObject({
    ranOn: 'device',
    id: 'bird',
    model: { id: 'bird' },
  });
  await expect(engine.place(SOURCE, { id: 'bird' })).rejects.toMatchObject({ param: 'id' });
  const broken = await both({
    script: { fail: { inspect: { name: 'NotGguf', message: 'zip' } } },
    remote,
    loads: false,
  });
  await expect(broken.engine.place(SOURCE)).rejects.toMatchObject({ name: 'NotGguf' });
});

it('localFirst remembers how fast the device was', async () => {
  const answer = 'word '.repeat(20);
  const { engine, model, http } = await both({
    script: { answer },
    remote: { policy: 'localFirst', minTokensPerSecond: 50 },
  });
  // 48.3 tokens a second, the fake says.
  expect((await ask(engine)).mark?.ranOn).toBe('device');
  expect((await ask(engine)).mark).toMatchObject({ ranOn: 'remote', reason: 'deviceTooSlow' });
  expect((await engine.embeddings.create({ input: 'a' })).linnet?.ranOn).toBe('device');
  expect(http.received.map(({ path }) => path)).toEqual(['/v1/chat/completions']);
  // Loaded again it may be faster: with another precision, or with nothing beside it.
  await model?.unload();
  await engine.load(SOURCE, { id: 'bird' });
  expect((await ask(engine)).mark?.ranOn).toBe('device');
});

it.each<[reason: string, answer: ServedAnswer, timeouts?: RemoteTimeouts]>([
  ['serverFailed', BUSY],
  ['serverUnreachable', { pieces: [], refuses: true }],
  ['serverUnreachable', { ...chatAnswer('late'), headMs: 20_000 }, { connectMs: 200, wholeMs: 200 }],
  ['serverFailed', { pieces: ['<html>'] }],
])('remoteFirst answers on the device when the server does not: %s', async (reason, answer, timeouts = {}) => {
  const { engine, routes } = await both({ remote: { policy: 'remoteFirst', timeouts }, answers: [answer] });
  const { text, mark } = await ask(engine);
  expect([text, mark?.ranOn, mark?.reason]).toEqual(['A local answer.', 'device', reason]);
  expect((await askStream(engine)).text).toBe('A local answer.');
  expect(routes.map(({ ranOn }) => ranOn)).toEqual(['remote', 'device', 'remote', 'device']);
});

it('remoteFirst asks the server first, and throws what it refuses and what fails in the middle', async () => {
  const { engine, http, fake } = await both({ remote: { policy: 'remoteFirst' } });
  expect(await ask(engine)).toMatchObject({ text: 'A remote answer.', mark: { ranOn: 'remote', reason: 'policy' } });
  http.answer(json({ error: 'wrong key' }, 401));
  await expect(ask(engine)).rejects.toMatchObject({ name: 'RemoteFailed', status: 401 });
  http.answer(chatStream(['one'], { then: 'break', pieces: chatStream(['one']).pieces.slice(0, 1) }));
  await expect(askStream(engine)).rejects.toMatchObject({ name: 'RemoteFailed', kind: 'brokenOff' });
  // An error in the place of the first piece is before the answer.
  http.answer(eventStream(['{"error":{"message":"no room"}}']));
  expect((await askStream(engine)).text).toBe('A local answer.');
  expect(fake.generations).toHaveLength(1);
});

it('remoteFirst keeps to the device what a veto forbids', async () => {
  const { engine, http } = await both({
    remote: { policy: 'remoteFirst', onRoute: ({ ranOn }) => ranOn === 'device' },
  });
  expect(await ask(engine)).toMatchObject({ text: 'A local answer.', mark: { ranOn: 'device', reason: 'vetoed' } });
  expect(http.received).toEqual([]);
});

it('calls models as either side does', async () => {
  const models = { bird: 'big-bird' };
  const { engine, http, fake } = await both({ remote: { policy: 'remoteFirst', models }, answers: [chatAnswer('a')] });
  const asked = async (model?: string) => {
    await ask(engine, model === undefined ? {} : { model });
    return http.received.at(-1)?.body?.['model'];
  };
  expect([await asked(), await asked('bird'), await asked('other')]).toEqual(['big-bird', 'big-bird', 'other']);
  // The one stands in for the other where that was said, and nothing else does.
  http.answer(BUSY);
  expect((await engine.chat.completions.create({ model: 'big-bird', messages: MESSAGES })).model).toBe('bird');
  await expect(ask(engine, { model: 'other' })).rejects.toMatchObject({ name: 'RemoteFailed', status: 503 });
  expect(fake.generations).toHaveLength(1);
});

it('lists the models of both sides, and those of the device where the server is away', async () => {
  const theirs = { id: 'big', object: 'model', created: 9, owned_by: 'vllm' };
  const { engine, http, host } = await both({
    remote: { policy: 'localFirst' },
    answers: [json({ object: 'list', data: [theirs] })],
  });
  const { data } = await engine.models.list();
  expect(data.map(({ id, owned_by, linnet }) => [id, owned_by, linnet?.ranOn, linnet?.host])).toEqual([
    ['bird', 'linnet', 'device', undefined],
    ['big', 'vllm', 'remote', host],
  ]);
  expect((await engine.models.retrieve('big')).owned_by).toBe('vllm');
  http.answer(BUSY);
  const left = await engine.models.list();
  expect([left.data.map(({ id }) => id), left.linnet?.reason]).toEqual([['bird'], 'serverFailed']);
  http.answer(json({ error: 'wrong key' }, 401));
  await expect(engine.models.list()).rejects.toMatchObject({ status: 401 });
});

it('embeds by the server, and by another model only where that was said to be the same', async () => {
  const vectors = json({ object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0, 1] }], model: 'big' });
  const { engine, http } = await both({ remote: { policy: 'remoteFirst' }, answers: [vectors] });
  const { data, linnet } = await engine.embeddings.create({ input: 'a' });
  expect([data[0]?.embedding, linnet?.ranOn]).toEqual([[0, 1], 'remote']);
  http.answer(BUSY);
  await expect(engine.embeddings.create({ input: 'a' })).rejects.toMatchObject({ status: 503 });
  const same = await both({ remote: { policy: 'remoteFirst', models: { bird: 'big' } }, answers: [BUSY] });
  const local = await same.engine.embeddings.create({ input: 'a' });
  expect([local.data[0]?.embedding, local.linnet?.reason]).toEqual([[1, 0], 'serverFailed']);
});

it('goes on with texts by the server', async () => {
  const choices = [{ index: 0, text: ' more', finish_reason: 'stop' }];
  const { engine } = await both({
    remote: { policy: 'remoteFirst' },
    answers: [json({ object: 'text_completion', choices })],
  });
  const answer = await engine.completions.create({ prompt: 'a' });
  expect([answer.choices[0]?.text, answer.linnet?.ranOn]).toEqual([' more', 'remote']);
});

it('lets the connection go when the loop is left or the controller aborts', async () => {
  const endless = eventStream([chatChunk('one'), chatChunk('two')], { then: 'hang' });
  const { engine, http } = await both({ remote: { policy: 'remoteFirst' }, answers: [endless] });
  const params = { messages: MESSAGES, stream: true } as const;
  for await (const chunk of await engine.chat.completions.create(params)) if (chunk.choices.length > 0) break;
  await expect.poll(http.numLeft).toBe(1);
  const stream = await engine.chat.completions.create(params);
  let text = '';
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    if (text === 'onetwo') stream.controller.abort();
  }
  expect(text).toBe('onetwo');
  await expect.poll(http.numLeft).toBe(2);
});

it('ends what is computed here when the loop is left, marks and all', async () => {
  const { engine, fake } = await both({ remote: { policy: 'localFirst' }, script: { answer: 'word '.repeat(400) } });
  for await (const chunk of await engine.chat.completions.create({ messages: MESSAGES, stream: true }))
    if (chunk.choices[0]?.delta.content === 'word') break;
  expect(fake.aborted).toHaveLength(1);
});

it('serves OpenAI’s own client from both sides', async () => {
  const { engine, http } = await both({ remote: { policy: 'remoteFirst' }, answers: [chatStream(['From ', 'afar.'])] });
  const client = new OpenAI({ baseURL: 'http://linnet/v1', apiKey: 'none', fetch: createFetch(engine) });
  let text = '';
  for await (const chunk of await client.chat.completions.create({
    model: 'bird',
    messages: [...MESSAGES],
    stream: true,
  })) {
    text += chunk.choices[0]?.delta.content ?? '';
    expect(chunk).toMatchObject({ linnet: { ranOn: 'remote' } });
  }
  expect(text).toBe('From afar.');
  http.answer(json({ error: { message: 'no such model', code: 'model_not_found' } }, 404));
  const asked = client.chat.completions.create({ model: 'other', messages: [...MESSAGES] });
  await expect(asked).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
});
