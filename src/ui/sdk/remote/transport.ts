/**
 * One request to a server and the bytes of its answer: key, time-outs, and more tries while no byte has come. Knows HTTP, and
 * nothing of what is asked. The key goes to the origin of the base URL alone: redirects are not followed, and nothing that is thrown
 * or kept holds it.
 */
import { abortedError, type LinnetError } from '../../errors.ts';
import { backoffMs, retryAfterOf } from './backoff.ts';
import type { Server } from './options.ts';
import { RemoteError, readErrorBody, statusError } from './remote-error.ts';
import { Watchdog } from './watchdog.ts';

export interface Asked {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly text: string | undefined;
  /** The answer is expected to begin at once and to come in pieces. */
  readonly streams: boolean;
}

export interface Opened {
  /** Lower case, without parameters. */
  readonly contentType: string;
  /** All of the body; leaving the loop ends the transfer. Throws RemoteError, or `Aborted`. */
  readonly pieces: AsyncGenerator<Uint8Array, void>;
  /** What must not be shown of what the server says. */
  readonly secret: string | undefined;
}

/**
 * Resolves when the first byte is there.
 * @throws RemoteError when the tries are used up, or where another would not help; LinnetError `Aborted`
 */
export async function open(server: Server, asked: Asked, signal: AbortSignal | undefined): Promise<Opened> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await attempt(server, asked, signal);
    } catch (error) {
      if (!(error instanceof RemoteError) || !mayHelp(error) || retry >= server.maxRetries) throw error;
      const waitMs = backoffMs(retry, Math.random(), error.retryAfterMs);
      if (waitMs === undefined) throw error;
      await pause(waitMs, signal);
    }
  }
}

/** A time-out is not tried again: whoever waited that long is told. */
function mayHelp({ kind }: RemoteError): boolean {
  return kind === 'unreachable' || kind === 'failed';
}

async function attempt(server: Server, asked: Asked, signal: AbortSignal | undefined): Promise<Opened> {
  if (signal?.aborted === true) throw abortedError();
  const secret = await server.apiKey();
  const { timeouts } = server;
  const watchdog = new Watchdog(signal);
  const fail = (kind: 'unreachable' | 'brokenOff') => (): never => {
    throw failure(kind, server, watchdog, signal);
  };
  watchdog.expect('began no answer', asked.streams ? timeouts.connectMs : timeouts.wholeMs);
  try {
    const response = await send(server, asked, secret, watchdog.signal).catch(fail('unreachable'));
    watchdog.expect('sent no byte', timeouts.firstByteMs);
    if (!response.ok) throw await refusal(server, response, secret);
    const reader = response.body?.getReader();
    const first = await reader?.read().catch(fail('unreachable'));
    watchdog.rest();
    const contentType = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    const pieces = piecesOf(reader, first, { watchdog, idleMs: timeouts.idleMs, fail: fail('brokenOff') });
    return { contentType, pieces, secret };
  } finally {
    watchdog.rest();
  }
}

function send(server: Server, asked: Asked, secret: string | undefined, signal: AbortSignal): Promise<Response> {
  const { fetch } = server;
  return fetch(asked.url, {
    method: asked.method,
    headers: {
      ...(asked.text !== undefined && { 'content-type': 'application/json' }),
      ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
    },
    ...(asked.text !== undefined && { body: asked.text }),
    signal,
    // What is sent is for this origin alone.
    redirect: 'manual',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
  });
}

async function refusal(server: Server, response: Response, secret: string | undefined): Promise<RemoteError> {
  const { host } = server;
  const { status, headers } = response;
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    await response.body?.cancel();
    const message = `${host} sends requests elsewhere, where they do not go by themselves. Give the base URL that it redirects to.`;
    return new RemoteError('refused', message, { host, ...(status !== 0 && { status }) });
  }
  const text = await response.text().catch(() => '');
  return statusError(status, readErrorBody(text), { host, secret, retryAfterMs: retryAfterOf(headers, Date.now()) });
}

interface Reading {
  readonly watchdog: Watchdog;
  readonly idleMs: number;
  readonly fail: () => never;
}

async function* piecesOf(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  first: ReadableStreamReadResult<Uint8Array> | undefined,
  { watchdog, idleMs, fail }: Reading,
): AsyncGenerator<Uint8Array, void> {
  if (reader === undefined) return;
  try {
    for (let read = first; read?.value !== undefined;) {
      yield read.value;
      watchdog.expect('sent nothing more', idleMs);
      read = await reader.read().catch(fail);
      watchdog.rest();
    }
  } finally {
    watchdog.rest();
    // A body that broke off already reports that again here.
    await reader.cancel().catch(() => undefined);
  }
}

/** For what a `fetch` or a body was rejected with, whose own words tell nothing, or more than they should. */
function failure(
  kind: 'unreachable' | 'brokenOff',
  { host }: Server,
  watchdog: Watchdog,
  signal: AbortSignal | undefined,
): LinnetError {
  if (signal?.aborted === true) return abortedError();
  if (watchdog.late !== undefined)
    return new RemoteError('timedOut', `${host} ${watchdog.late}. Try again later, or give it more time.`, { host });
  if (kind === 'brokenOff')
    return new RemoteError(kind, `The connection to ${host} ended within an answer. Ask again.`, { host });
  const message =
    `${host} could not be reached. Check that it runs, that it allows this page's origin (CORS: a page is not told when that ` +
    "is the reason), and that this page's own policy allows it (connect-src; no http from a page of https).";
  return new RemoteError(kind, message, { host });
}

/** @throws LinnetError `Aborted` */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(abortedError());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
