/** One server over real HTTP: what it is sent, how its answers and errors are read, time-outs, retries, aborts. */
import { expect, it, onTestFinished, vi } from 'vitest';
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
import type { RemoteOptions } from './options.ts';
import { RemoteServer } from './server.ts';

const KEY = 'sk-secret.KEY-123';
const PARAMS = { messages: [{ role: 'user', content: 'Hello' }] };

async function serve(...answers: readonly ServedAnswer[]): Promise<OpenAiServer> {
  const http = await serveOpenAi(answers);
  onTestFinished(() => http.close());
  return http;
}

function ask(http: OpenAiServer, options: Partial<RemoteOptions> = {}, signal?: AbortSignal) {
  const server = new RemoteServer({ baseURL: http.baseURL, ...options });
  return server.ask(server.prepare('chat/completions', PARAMS, 'big'), signal);
}

async function texts(
  http: OpenAiServer,
  options: Partial<RemoteOptions> = {},
  signal?: AbortSignal,
  onPiece?: () => void,
): Promise<string[]> {
  const server = new RemoteServer({ baseURL: http.baseURL, ...options });
  const taken: string[] = [];
  const stream = server.stream(server.prepare('chat/completions', { ...PARAMS, stream: true }, 'big'), signal);
  try {
    for await (const piece of stream) {
      taken.push(textOf(piece));
      onPiece?.();
    }
  } catch (error) {
    throw Object.assign(error as Error, { taken });
  }
  return taken;
}

function textOf(piece: Readonly<Record<string, unknown>>): string {
  const [choice] = piece['choices'] as readonly { readonly delta: { readonly content?: string } }[];
  return choice?.delta.content ?? '';
}

it('sends what it prepared, with the key in a header', async () => {
  const http = await serve(chatAnswer('Hi'));
  const answer = await ask(http, { apiKey: () => Promise.resolve(KEY) });
  expect(answer).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: 'Hi' } }] });
  expect(http.received).toHaveLength(1);
  const [{ method, path, body, headers } = {}] = http.received;
  expect([method, path, body]).toEqual(['POST', '/v1/chat/completions', { ...PARAMS, model: 'big' }]);
  expect(headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'content-type': 'application/json' });
  http.answer(json({ object: 'list', data: [{ id: 'big' }] }));
  const server = new RemoteServer({ baseURL: `${http.baseURL}/` });
  expect((await server.ask(server.prepare('models', {}, undefined), undefined))['data']).toEqual([{ id: 'big' }]);
  expect(http.received[0]).toMatchObject({ method: 'GET', path: '/v1/models', body: undefined });
  expect(http.received[0]?.headers.authorization).toBeUndefined();
});

it.each<[server: RemoteOptions['server'], body: object]>([
  ['vllm', { top_k: -1, min_p: 0.1, repetition_penalty: 1.1, ignore_eos: true, max_completion_tokens: 9 }],
  ['sglang', { top_k: -1, min_p: 0.1, repetition_penalty: 1.1, ignore_eos: true, max_completion_tokens: 9 }],
  [
    'llama.cpp',
    { top_k: 0, min_p: 0.1, repeat_penalty: 1.1, ignore_eos: true, max_completion_tokens: 9, max_tokens: 9 },
  ],
])('calls our own parameters as %s does, and passes all others as they are', (server, own) => {
  const params = { top_k: 0, min_p: 0.1, repetition_penalty: 1.1, ignore_eos: true, max_completion_tokens: 9 };
  const others = {
    temperature: 0,
    tools: [{ type: 'function' }],
    response_format: { type: 'json_object' },
    unheard: [1],
  };
  const { prepare } = bound(server);
  expect(prepare({ ...params, ...others }).body).toEqual({ ...own, ...others, model: 'big' });
});

it.each<RemoteOptions['server']>(['openai', 'ollama'])('refuses them by name for %s', (server) => {
  const { prepare } = bound(server);
  for (const [param, value] of Object.entries({ top_k: 5, min_p: 0.1, repetition_penalty: 1.1, ignore_eos: true })) {
    const refused = expect.objectContaining({ name: 'InvalidRequest', param, code: 'unsupported_parameter' }) as Error;
    expect(() => prepare({ [param]: value })).toThrow(refused);
  }
  // What asks for nothing is no reason to.
  expect(prepare({ top_k: 0, min_p: 0, repetition_penalty: 1, ignore_eos: false }).body).toEqual({ model: 'big' });
});

function bound(server: RemoteOptions['server']) {
  const remote = new RemoteServer({ baseURL: 'http://h/v1', ...(server !== undefined && { server }) });
  return { prepare: (params: object) => remote.prepare('chat/completions', params, 'big') };
}

it.each<[name: string, param: string, options: object]>([
  ['no address', 'remote.baseURL', { baseURL: 'models.example' }],
  ['a password in it', 'remote.baseURL', { baseURL: `https://me:${KEY}@models.example/v1` }],
  ['a key in it', 'remote.baseURL', { baseURL: `https://models.example/v1?key=${KEY}` }],
  ['an unknown server', 'remote.server', { baseURL: 'https://models.example/v1', server: 'tgi' }],
])('refuses %s, without saying it', (_name, param, options) => {
  let refused: unknown;
  try {
    new RemoteServer(options as RemoteOptions);
  } catch (error) {
    refused = error;
  }
  expect(refused).toMatchObject({ name: 'InvalidRequest', param });
  expect(String(refused)).not.toContain(KEY);
});

it.each<[from: string, answer: ServedAnswer, error: object]>([
  [
    'OpenAI',
    json(
      { error: { message: 'Bad tool.', type: 'invalid_request_error', param: 'tools', code: 'invalid_value' } },
      400,
    ),
    { name: 'RemoteFailed', kind: 'refused', status: 400, code: 'invalid_value', message: /400: Bad tool\.$/ },
  ],
  [
    'vLLM',
    json(
      { object: 'error', message: 'The model `big` does not exist.', type: 'NotFoundError', param: null, code: 404 },
      404,
    ),
    { name: 'RemoteFailed', kind: 'refused', status: 404, code: 'NotFoundError', message: /`big` does not exist/ },
  ],
  [
    'vLLM, of a long prompt',
    json(
      { error: { message: "This model's maximum context length is 4096 tokens.", type: 'BadRequestError', code: 400 } },
      400,
    ),
    { name: 'ContextFull', kind: 'refused', status: 400 },
  ],
  [
    'llama.cpp',
    json({ error: { code: 400, message: 'the request exceeds', type: 'exceed_context_size_error', n_ctx: 512 } }, 400),
    { name: 'ContextFull', code: 'exceed_context_size_error' },
  ],
  [
    'llama.cpp without a key',
    json({ error: { code: 401, message: 'Invalid API Key', type: 'authentication_error' } }, 401),
    { name: 'RemoteFailed', status: 401, code: 'authentication_error', message: /Check the key/ },
  ],
  ['Ollama', json({ error: 'model "big" not found' }, 404), { status: 404, message: /model "big" not found/ }],
  [
    'FastAPI',
    json({ detail: [{ loc: ['body'], msg: 'field required' }] }, 422),
    { status: 422, message: /field required/ },
  ],
  ['a proxy', { status: 403, pieces: ['<html>no</html>'] }, { kind: 'refused', status: 403, code: undefined }],
  ['no such server', { pieces: ['<html>hello</html>'] }, { kind: 'notUnderstood', message: /base URL/ }],
  ['another API', json({ ok: true }), { kind: 'notUnderstood', message: /choices/ }],
  ['an error with status 200', json({ error: { message: 'CUDA', code: 500 } }), { kind: 'failed', message: /CUDA/ }],
  [
    'a redirect',
    { status: 307, headers: { location: 'https://elsewhere.example/' }, pieces: [] },
    { kind: 'refused', message: /elsewhere/ },
  ],
])('reads an error of %s', async (_from, answer, { message, ...fields }: { message?: RegExp }) => {
  const http = await serve(answer);
  for (const request of [ask, texts]) {
    const refused = request(http);
    await expect(refused).rejects.toMatchObject({ ...fields, host: new URL(http.origin).host });
    if (message !== undefined) await expect(refused).rejects.toThrow(message);
  }
  expect(http.received, 'no error of the request is tried again').toHaveLength(2);
});

it('keeps the key out of everything that is thrown', async () => {
  const http = await serve(json({ error: { message: `Incorrect key ${KEY} given`, code: `no_${KEY}` } }, 401));
  const thrown: unknown[] = [];
  const note = (error: unknown) => void thrown.push(error);
  await ask(http, { apiKey: KEY }).catch(note);
  http.answer(eventStream([JSON.stringify({ error: { message: `key ${KEY}` } })]));
  await texts(http, { apiKey: KEY }).catch(note);
  await ask(http, { apiKey: `${KEY}\n` }).catch(note);
  await ask(http, { apiKey: () => Promise.reject(new Error(KEY)) }).catch(note);
  await http.close();
  await ask(http, { apiKey: KEY, maxRetries: 0 }).catch(note);
  expect(thrown).toHaveLength(5);
  for (const error of thrown) {
    const { message, stack, cause, ...rest } = error as Error;
    expect([message, stack, String(cause), JSON.stringify(rest)].join()).not.toContain(KEY);
  }
  expect(thrown.map((error) => (error as Error).name)).toEqual([
    'RemoteFailed',
    'RemoteFailed',
    'InvalidRequest',
    'InvalidRequest',
    'RemoteFailed',
  ]);
});

it('reads a stream however it is cut, and its characters whole', async () => {
  const http = await serve(chatStream(['Grü', 'ße ', '🐦']));
  expect((await texts(http)).join('')).toBe('Grüße 🐦');
  const bytes = new TextEncoder().encode(
    [
      ': hello',
      ...['Grü', 'ße ', '🐦'].map((word) => `data:${chatChunk(word)}`),
      `data: ${chatChunk(undefined, 'stop')}`,
      '',
    ].join('\r\n\r\n'),
  );
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(7 * i, 7 * i + 7));
  http.answer({ headers: { 'content-type': 'text/event-stream; charset=utf-8' }, pieces });
  // Without [DONE], but with the reason why it ended.
  expect((await texts(http)).join('')).toBe('Grüße 🐦');
});

it.each<[what: string, answer: ServedAnswer, error: object]>([
  [
    'an error',
    eventStream([chatChunk('one'), '{"error":{"message":"out of memory","code":500}}']),
    { kind: 'failed', message: /out of memory/ },
  ],
  [
    'a connection that breaks',
    chatStream(['one'], { pieces: [`data: ${chatChunk('one')}\n\n`], then: 'break' }),
    { kind: 'brokenOff' },
  ],
  ['an end without a reason', eventStream([chatChunk('one')]), { kind: 'brokenOff' }],
  [
    'an end of one choice of two',
    eventStream([
      JSON.stringify({
        choices: [
          { index: 0, delta: { content: 'one' }, finish_reason: 'stop' },
          { index: 1, delta: {}, finish_reason: null },
        ],
      }),
    ]),
    { kind: 'brokenOff' },
  ],
  [
    'silence',
    eventStream([chatChunk('one')], { then: 'hang' }),
    { kind: 'timedOut', message: /sent nothing more in 0\.2 s/ },
  ],
  ['what is no JSON', eventStream([chatChunk('one'), '{"choices":[']), { kind: 'notUnderstood' }],
])(
  'throws in the loop for %s in the middle, and asks no second time',
  async (_what, answer, error: { message?: RegExp }) => {
    const http = await serve(answer);
    const { message, ...fields } = error;
    const broken = texts(http, { timeouts: { idleMs: 200 } });
    await expect(broken).rejects.toMatchObject({ name: 'RemoteFailed', ...fields, taken: ['one'] });
    if (message !== undefined) await expect(broken).rejects.toThrow(message);
    expect(http.received).toHaveLength(1);
  },
);

it('tries again before the first byte, later each time, and as late as the server asks', async () => {
  const busy = json({ error: { message: 'busy' } }, 503);
  const http = await serve(busy, { pieces: [], refuses: true }, chatAnswer('Hi'));
  await ask(http);
  const [first = NaN, second = NaN, third = NaN] = http.received.map(({ atMs }) => atMs);
  expect(http.received).toHaveLength(3);
  expect(second - first).toBeGreaterThan(240);
  expect(third - second).toBeGreaterThan(490);
  http.answer(json({ error: { message: 'slow down' } }, 429, { 'retry-after': '1' }), chatStream(['Hi']));
  expect(await texts(http)).toEqual(['Hi', '']);
  expect((http.received[1]?.atMs ?? NaN) - (http.received[0]?.atMs ?? NaN)).toBeGreaterThan(990);
});

it('gives up when the tries are used up, or the server asks for too long a pause', async () => {
  const http = await serve(json({ error: { message: 'busy' } }, 500));
  await expect(ask(http, { maxRetries: 1 })).rejects.toMatchObject({ kind: 'failed', status: 500 });
  expect(http.received).toHaveLength(2);
  http.answer(json({ error: { message: 'tomorrow' } }, 429, { 'retry-after': '3600' }));
  await expect(ask(http)).rejects.toMatchObject({ kind: 'failed', status: 429, retryAfterMs: 3_600_000 });
  expect(http.received).toHaveLength(1);
  await http.close();
  const gone = ask(http, { maxRetries: 0 });
  await expect(gone).rejects.toMatchObject({ kind: 'unreachable', status: undefined });
  await expect(gone).rejects.toThrow(/could not be reached.*CORS.*connect-src/s);
});

it('waits no longer than it was told for an answer to begin and for its first byte', async () => {
  const late = 20_000;
  const http = await serve(chatStream(['Hi'], { headMs: late }));
  await expect(texts(http, { timeouts: { connectMs: 150 } })).rejects.toThrow(/began no answer in 0\.15 s/);
  http.answer(chatStream(['Hi'], { pieceMs: late }));
  await expect(texts(http, { timeouts: { firstByteMs: 150 } })).rejects.toThrow(/sent no byte in 0\.15 s/);
  // A whole answer begins when it is written.
  http.answer({ ...chatAnswer('Hi'), headMs: 250 });
  expect(await ask(http, { timeouts: { connectMs: 150 } })).toHaveProperty('choices');
  http.answer({ ...chatAnswer('Hi'), headMs: late });
  await expect(ask(http, { timeouts: { wholeMs: 300 } })).rejects.toMatchObject({ kind: 'timedOut' });
  expect(http.received.length, 'a time-out is not tried again').toBeLessThanOrEqual(1);
});

it('aborts while it waits, between tries and in the middle', async () => {
  const aborted = { name: 'Aborted' };
  const http = await serve({ ...chatAnswer('Hi'), headMs: 20_000 });
  const onceAsked = (): AbortSignal => {
    const controller = new AbortController();
    void vi
      .waitUntil(() => http.received.length > 0, { timeout: 10_000 })
      .then(() => {
        controller.abort();
      });
    return controller.signal;
  };
  await expect(ask(http, {}, onceAsked())).rejects.toMatchObject(aborted);
  await expect(ask(http, {}, AbortSignal.abort())).rejects.toMatchObject(aborted);
  http.answer(json({}, 500, { 'retry-after': '30' }));
  await expect(ask(http, {}, onceAsked())).rejects.toMatchObject(aborted);
  expect(http.received).toHaveLength(1);
  http.answer(eventStream([chatChunk('one')], { then: 'hang' }));
  const caller = new AbortController();
  const read = texts(http, {}, caller.signal, () => {
    caller.abort();
  });
  await expect(read).rejects.toMatchObject({ ...aborted, taken: ['one'] });
});
