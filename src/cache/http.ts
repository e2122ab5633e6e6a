/**
 * One HTTP request for a model file, and what its answer says: a part or the whole, how large the file is, which version
 * of it. Copes with answers whose headers CORS hides. It tries once; it knows no retries, no chunks and no store.
 *
 * No `If-Range` is sent: it is not a safelisted header, and the preflight it causes fails on most model hosts. The
 * validators of every answer are compared instead.
 */
import { CacheError, abortedError } from './errors.ts';
import type { CacheHost } from './host.ts';
import type { Span } from './layout.ts';
import type { Validators } from './manifest.ts';
import { TransientError, isRetryableStatus, parseRetryAfter } from './retry.ts';

/** The body of an answer, piece by piece; undefined at its end. Throws `TransientError` when it breaks off, or `Aborted`. */
export interface Body {
  next(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Ends the transfer; to be called in any case. */
  close(): Promise<void>;
}

export interface Answer {
  /** `part`: what was asked for. `whole`: the server knows no ranges and sends all. `none`: there is no such range. */
  readonly kind: 'part' | 'whole' | 'none';
  /** Size of the file, where the answer says so and CORS lets us see it. */
  readonly sizeBytes: number | undefined;
  /** Bytes of this body, where the answer says so. */
  readonly bodyBytes: number | undefined;
  readonly validators: Validators;
  /** Where the answer came from, after redirects. */
  readonly url: string;
  readonly body: Body;
}

/** Asks for `span` of the file, or all of it. Throws `HttpFailed`, `Aborted`, or `TransientError`. */
export async function requestBytes(
  host: CacheHost,
  url: string,
  span: Span | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const headers = span === undefined ? {} : { Range: `bytes=${String(span.start)}-${String(span.end - 1)}` };
  const response = await send(host, url, { method: 'GET', headers, signal });
  const body = bodyOf(response, signal);
  try {
    return { ...readHead(response, span, host.nowMs()), url: response.url === '' ? url : response.url, body };
  } catch (error) {
    await body.close();
    throw error;
  }
}

/** The size that a HEAD request tells, else the one that the head of a whole GET tells; undefined when neither does. */
export async function askSize(host: CacheHost, url: string, signal: AbortSignal): Promise<number | undefined> {
  for (const method of ['HEAD', 'GET']) {
    try {
      const response = await send(host, url, { method, headers: {}, signal });
      await response.body?.cancel();
      const sizeBytes = wholeBytes(response.headers);
      if (response.status === 200 && sizeBytes !== undefined) return sizeBytes;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
    }
  }
  return undefined;
}

/** Throws what a bad status means; `what` names the thing asked for. */
export function throwForStatus(response: Response, what: string, nowMs: number): void {
  const { status, headers } = response;
  if (response.ok) return;
  const said = `${what} was answered with HTTP status ${String(status)}`;
  if (isRetryableStatus(status)) {
    const final = new CacheError('HttpFailed', `${said}; the server has trouble, try again later.`);
    throw new TransientError(final, parseRetryAfter(headers.get('Retry-After'), nowMs));
  }
  if (status === 401 || status === 403) {
    throw new CacheError('HttpFailed', `${said}: it needs a login or an accepted licence; choose a public file.`);
  }
  throw new CacheError('HttpFailed', `${said}; check the address.`);
}

/** Sends one request; a network failure is a `TransientError`. */
export async function send(host: CacheHost, url: string, init: RequestInit): Promise<Response> {
  try {
    return await host.fetch(url, init);
  } catch (error) {
    throw networkError(error, url, init.signal ?? undefined);
  }
}

function networkError(error: unknown, url: string, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return abortedError();
  const message =
    `${originOf(url)} could not be reached. Check the connection, that the server allows other sites (CORS), and that ` +
    'this page may connect to it (connect-src); a new try goes on where this one stopped.';
  return new TransientError(new CacheError('NetworkFailed', message, { cause: error }));
}

function readHead(response: Response, span: Span | undefined, nowMs: number): Omit<Answer, 'url' | 'body'> {
  const { headers, status } = response;
  const bodyBytes = wholeBytes(headers);
  const validators = validatorsOf(headers);
  const range = parseContentRange(headers.get('Content-Range'));
  if (status === 416) return { kind: 'none', sizeBytes: range?.sizeBytes, bodyBytes, validators };
  throwForStatus(response, `The request for ${originOf(response.url)}`, nowMs);
  if (status !== 206) return { kind: 'whole', sizeBytes: bodyBytes, bodyBytes, validators };
  if (range?.start !== undefined && range.start !== (span?.start ?? 0)) {
    throw new CacheError(
      'HttpFailed',
      'The server answered with another range than was asked for; use another mirror.',
    );
  }
  return { kind: 'part', sizeBytes: range?.sizeBytes, bodyBytes, validators };
}

function validatorsOf(headers: Headers): Validators {
  const etag = headers.get('ETag');
  const lastModified = headers.get('Last-Modified');
  return { ...(etag !== null && { etag }), ...(lastModified !== null && { lastModified }) };
}

/** Content-Length, unless it counts compressed bytes. */
function wholeBytes(headers: Headers): number | undefined {
  const length = headers.get('Content-Length');
  if (length === null || !/^\d+$/.test(length)) return undefined;
  return (headers.get('Content-Encoding') ?? 'identity') === 'identity' ? Number(length) : undefined;
}

/** `bytes 0-99/1234`, `bytes 0-99/*`, and the form without a range; parts that are not told are undefined. */
function parseContentRange(
  value: string | null,
): { start: number | undefined; sizeBytes: number | undefined } | undefined {
  const match = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(value ?? '');
  if (match === null) return undefined;
  const [, start, size] = match;
  return {
    start: start === undefined ? undefined : Number(start),
    sizeBytes: size === undefined || size === '*' ? undefined : Number(size),
  };
}

function bodyOf(response: Response, signal: AbortSignal): Body {
  const reader = response.body?.getReader();
  return {
    async next() {
      try {
        const piece = await reader?.read();
        return piece?.value;
      } catch (error) {
        throw networkError(error, response.url, signal);
      }
    },
    async close() {
      // A body that broke off already reports that again here.
      await reader?.cancel().catch(() => undefined);
    },
  };
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
