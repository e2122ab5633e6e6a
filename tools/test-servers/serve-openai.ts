/**
 * A local server that speaks as OpenAI's, vLLM's, llama.cpp's and Ollama's do, as well or as badly as a test wants, over real HTTP. It
 * computes nothing; it records what it was asked, with the headers.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { listen, type TestServer } from './serve-file.ts';

export interface ServedAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body, written one after the other. */
  readonly pieces: readonly (string | Uint8Array)[];
  /** Before the head. Default 0. */
  readonly headMs?: number;
  /** Before each piece, once the head is out. Default 0. */
  readonly pieceMs?: number;
  /** What follows the last piece: the end (default), a connection that breaks, or nothing at all. */
  readonly then?: 'end' | 'break' | 'hang';
  /** The connection breaks in the place of an answer. */
  readonly refuses?: boolean;
}

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly atMs: number;
}

export interface OpenAiServer extends TestServer {
  /** With `/v1`. */
  readonly baseURL: string;
  /** But preflights. */
  readonly received: readonly ReceivedRequest[];
  /** Answers that the client did not wait for. */
  readonly numLeft: () => number;
  /** Answers in turn from now on; the last one for all that follow. What was received is forgotten. */
  answer(...answers: readonly ServedAnswer[]): void;
}

/** `cors: false` is a server that other origins may not read. */
export async function serveOpenAi(
  answers: readonly ServedAnswer[] = [chatAnswer('A remote answer.')],
  { cors = true }: { readonly cors?: boolean } = {},
): Promise<OpenAiServer> {
  let left = [...answers];
  const received: ReceivedRequest[] = [];
  let numLeft = 0;
  const server = await listen((request, response) => {
    if (cors) allowAll(response);
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    void bodyOf(request).then(async (body) => {
      const { method = '', url = '', headers } = request;
      received.push({ method, path: url, headers, body, atMs: performance.now() });
      response.on('close', () => {
        if (!response.writableFinished) numLeft += 1;
      });
      const [next] = left;
      if (left.length > 1) left = left.slice(1);
      if (next === undefined) throw new Error('The test server has no answer.');
      await send(response, next);
    });
  });
  return {
    ...server,
    baseURL: `${server.origin}/v1`,
    received,
    numLeft: () => numLeft,
    answer: (...changed) => {
      left = [...changed];
      received.length = 0;
    },
  };
}

function allowAll(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type');
  response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
}

async function bodyOf(request: IncomingMessage): Promise<ReceivedRequest['body']> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  return text === '' ? undefined : (JSON.parse(text) as ReceivedRequest['body']);
}

async function send(response: ServerResponse, answer: ServedAnswer): Promise<void> {
  const { status = 200, headers = {}, pieces, headMs = 0, pieceMs = 0, then = 'end', refuses = false } = answer;
  if (headMs > 0) await pause(headMs);
  if (refuses) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.flushHeaders();
  for (const piece of pieces) {
    if (pieceMs > 0) await pause(pieceMs);
    // Written out before the connection breaks, or the client would see none of it.
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
  }
  if (then === 'end') response.end();
  if (then !== 'break') return;
  await pause(20);
  response.destroy();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// ---------------------------------------------------------------------------------------------- answers

/** As vLLM writes it. */
export function chatAnswer(text: string, model = 'remote-model'): ServedAnswer {
  const choice = { index: 0, message: { role: 'assistant', content: text }, logprobs: null, finish_reason: 'stop' };
  return json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [choice],
    usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 },
  });
}

export function json(body: object, status = 200, headers: Readonly<Record<string, string>> = {}): ServedAnswer {
  return { status, headers, pieces: [JSON.stringify(body)] };
}

/** A piece of a chat as servers send it, without the `data: ` in front. */
export function chatChunk(content: string | undefined, finishReason: string | null = null): string {
  const delta = content === undefined ? {} : { content };
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
  return JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'remote-model',
    choices,
  });
}

/** An event a chunk; `[DONE]` among them where the server says so. */
export function eventStream(datas: readonly string[], rest: Partial<ServedAnswer> = {}): ServedAnswer {
  return {
    headers: { 'content-type': 'text/event-stream' },
    pieces: datas.map((data) => `data: ${data}\n\n`),
    ...rest,
  };
}

export function chatStream(words: readonly string[], rest: Partial<ServedAnswer> = {}): ServedAnswer {
  return eventStream([...words.map((word) => chatChunk(word)), chatChunk(undefined, 'stop'), '[DONE]'], rest);
}
