/**
 * How the test servers answer a request for a file: with ranges or without, honest or not, as the options say. It knows
 * nothing of what the file is.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface FileOptions {
  /** Default true. When false, every answer is the whole file. */
  readonly ranges?: boolean;
  readonly etag?: string;
  readonly lastModified?: string;
  /** Other origins may read. Default true. */
  readonly cors?: boolean;
  /** With `cors`: Content-Range and ETag are exposed. Default true. */
  readonly exposeContentRange?: boolean;
  /** The connection breaks after so many body bytes, all answers together; once. */
  readonly failAfterBytes?: number;
  /** Each answer breaks off after so many body bytes, for as long as set. */
  readonly truncateAnswersAt?: number;
  /** Milliseconds before each 64 KiB piece. */
  readonly slowMs?: number;
  /** Every request is answered with 302 to here. */
  readonly redirectTo?: string;
  /** The ETag is `"changed"` from this many requests on. */
  readonly changeEtagAfterRequests?: number;
  /** From this many requests on there are no ranges. */
  readonly noRangesAfterRequests?: number;
  /** Status of the n-th request (from 0), instead of an answer. */
  readonly statuses?: Readonly<Record<number, number>>;
  /** Sent with those statuses. */
  readonly retryAfter?: string;
  /** Content-Length is left out (chunked transfer). */
  readonly hideLength?: boolean;
  /** Status of HEAD requests. Default 200. */
  readonly headStatus?: number;
  /** So many bytes are sent behind the end of each answer. */
  readonly surplusBytes?: number;
}

/** What a server has done since it began, or since `reset`. */
export class Traffic {
  numRequests = 0;
  /** Body bytes handed to the network. */
  sentBytes = 0;
  /** `GET bytes=0-99`, in order. */
  readonly requests: string[] = [];

  reset(): void {
    this.numRequests = 0;
    this.sentBytes = 0;
    this.requests.length = 0;
  }
}

const PIECE_BYTES = 64 * 1024;

/** The bytes as they are, headers and all. `options` is asked anew, so that a test can change it meanwhile. */
export async function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  options: FileOptions,
  traffic: Traffic,
): Promise<void> {
  const number = traffic.numRequests++;
  const method = request.method ?? 'GET';
  traffic.requests.push(`${method} ${request.headers.range ?? 'all'}`);
  if (options.cors !== false) allowOtherOrigins(response, options.exposeContentRange !== false);
  if (method === 'OPTIONS') {
    end(response, 204);
    return;
  }
  const status = options.statuses?.[number];
  if (status !== undefined) {
    if (options.retryAfter !== undefined) response.setHeader('Retry-After', options.retryAfter);
    end(response, status);
    return;
  }
  if (options.redirectTo !== undefined) {
    response.setHeader('Location', options.redirectTo);
    end(response, 302);
    return;
  }
  setValidators(response, options, number);
  if (method === 'HEAD') {
    if (options.hideLength !== true) response.setHeader('Content-Length', bytes.length);
    end(response, options.headStatus ?? 200);
    return;
  }
  const hasRanges = options.ranges !== false && number < (options.noRangesAfterRequests ?? Infinity);
  const range = hasRanges ? parseRange(request.headers.range, bytes.length) : undefined;
  if (range === 'invalid') {
    response.setHeader('Content-Range', `bytes */${String(bytes.length)}`);
    end(response, 416);
    return;
  }
  if (hasRanges) response.setHeader('Accept-Ranges', 'bytes');
  const { start, end: stop } = range ?? { start: 0, end: bytes.length };
  if (range !== undefined) {
    response.setHeader('Content-Range', `bytes ${String(start)}-${String(stop - 1)}/${String(bytes.length)}`);
  }
  const surplusBytes = options.surplusBytes ?? 0;
  if (options.hideLength !== true) response.setHeader('Content-Length', stop - start + surplusBytes);
  response.writeHead(range === undefined ? 200 : 206);
  await sendBody(response, bytes.subarray(start, stop), options, traffic);
  if (!response.destroyed) response.end(new Uint8Array(surplusBytes));
}

async function sendBody(
  response: ServerResponse,
  body: Uint8Array,
  options: FileOptions,
  traffic: Traffic,
): Promise<void> {
  for (let at = 0; at < body.length && !response.destroyed; at += PIECE_BYTES) {
    if (options.slowMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.slowMs));
    const room = Math.min(
      (options.failAfterBytes ?? Infinity) - traffic.sentBytes,
      (options.truncateAnswersAt ?? Infinity) - at,
    );
    const piece = body.subarray(at, at + Math.min(PIECE_BYTES, room));
    const breaks = room <= PIECE_BYTES && at + piece.length < body.length;
    traffic.sentBytes += piece.length;
    // Written out before the connection breaks, or the client would see none of it.
    // The callback comes in any case, with an error when the client has gone.
    await new Promise<void>((resolve) => {
      response.write(piece, () => {
        resolve();
      });
    });
    if (breaks) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      response.destroy();
    }
  }
}

function setValidators(response: ServerResponse, options: FileOptions, number: number): void {
  const hasChanged = number >= (options.changeEtagAfterRequests ?? Infinity);
  const etag = hasChanged ? '"changed"' : options.etag;
  if (etag !== undefined) response.setHeader('ETag', etag);
  if (options.lastModified !== undefined) response.setHeader('Last-Modified', options.lastModified);
}

/** `Range` is safelisted, so no other header needs to be allowed. */
export function allowOtherOrigins(response: ServerResponse, exposes: boolean): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  if (exposes)
    response.setHeader('Access-Control-Expose-Headers', 'Content-Range, ETag, Link, X-Linked-Size, X-Linked-ETag');
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status);
  response.end();
}

function parseRange(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | 'invalid' | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === '' ? sizeBytes : Math.min(Number(match[2]) + 1, sizeBytes);
  return start < end ? { start, end } : 'invalid';
}
