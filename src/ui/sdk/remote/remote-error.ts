/**
 * What a server failed with, as one of our errors, and the bodies in which servers say it. Knows no policy. A message names the
 * server by its host and never holds the key: what a server says is searched for it.
 */
import { LinnetError } from '../../errors.ts';

/** What went wrong between the page and the server. */
export type RemoteErrorKind =
  /** No connection, or one that the browser did not allow: a page is not told which. */
  | 'unreachable'
  | 'timedOut'
  /** A status from 400 to 499 but those below: the request, the key or the address is wrong. */
  | 'refused'
  /** A status from 500 on, 408, 425 or 429, or an error within a stream. */
  | 'failed'
  /** The connection ended within an answer. */
  | 'brokenOff'
  /** The answer has not OpenAI's shape. */
  | 'notUnderstood';

/** What is known of a failure beside its message. */
export interface RemoteErrorDetails {
  readonly host: string;
  readonly status?: number | undefined;
  /** The server's own word for it. */
  readonly code?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** `name` is `RemoteFailed`, or `ContextFull` where the server says that the prompt does not fit. */
export class RemoteError extends LinnetError {
  readonly kind: RemoteErrorKind;
  readonly host: string;
  readonly status: number | undefined;
  readonly code: string | undefined;
  /** When the server would like to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: RemoteErrorKind,
    message: string,
    details: RemoteErrorDetails,
    name: RemoteErrorName = 'RemoteFailed',
  ) {
    super(name, message);
    this.kind = kind;
    this.host = details.host;
    this.status = details.status;
    this.code = details.code;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The names that such an error may have, of the closed list. */
export type RemoteErrorName = 'RemoteFailed' | 'ContextFull';

/** What servers say went wrong. */
export interface SaidError {
  readonly message: string;
  readonly code: string | undefined;
}

const MAX_SAID = 500;

/** An error body, of whatever server: OpenAI's and llama.cpp's `error`, Ollama's text, vLLM's older and FastAPI's. */
export function readErrorBody(text: string): SaidError | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  return errorIn(body);
}

/** The error that an object is or holds; undefined where it is none. */
export function errorIn(body: unknown): SaidError | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { error, detail, object, message } = body as Readonly<Record<string, unknown>>;
  if (typeof error === 'string') return { message: error, code: undefined };
  if (typeof error === 'object' && error !== null) return saidBy(error);
  if (object === 'error' || typeof message === 'string') return saidBy(body);
  if (typeof detail === 'string') return { message: detail, code: undefined };
  if (Array.isArray(detail)) return { message: JSON.stringify(detail), code: undefined };
  return undefined;
}

/** llama.cpp has a name in `type` and the status in `code`; OpenAI has both for names, and `code` is the nearer one. */
function saidBy(error: object): SaidError {
  const { message, code, type } = error as Readonly<Record<string, unknown>>;
  const name = [code, type].find((word) => typeof word === 'string');
  return { message: typeof message === 'string' ? message : '', code: typeof name === 'string' ? name : undefined };
}

/** A status that is no success. `secret` is taken out of what the server says. */
export function statusError(
  status: number,
  said: SaidError | undefined,
  { host, secret, retryAfterMs }: { host: string; secret: string | undefined; retryAfterMs: number | undefined },
): RemoteError {
  const words = said === undefined || said.message === '' ? '' : `: ${clean(said.message, secret)}`;
  const details = { host, status, code: said?.code && clean(said.code, secret), retryAfterMs };
  if (isContextFull(status, said))
    return new RemoteError(
      'refused',
      `The prompt is too long for the model of ${host}${words}`,
      details,
      'ContextFull',
    );
  const message = `${host} answered with HTTP status ${String(status)}${words}`;
  return new RemoteError(isTransient(status) ? 'failed' : 'refused', `${message}${adviceFor(status)}`, details);
}

/** What a server says within a stream, or in the place of an answer. */
export function saidError(
  said: SaidError,
  { host, secret }: { host: string; secret: string | undefined },
): RemoteError {
  const message = `${host} failed: ${clean(said.message, secret)}`;
  if (isContextFull(400, said)) return new RemoteError('refused', message, { host, code: said.code }, 'ContextFull');
  return new RemoteError('failed', message, { host, code: said.code && clean(said.code, secret) });
}

/** The server's fault, or its wish to be asked later. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501);
}

function isContextFull(status: number, said: SaidError | undefined): boolean {
  if (said === undefined || (status !== 400 && status !== 413)) return false;
  if (said.code === 'context_length_exceeded' || said.code === 'exceed_context_size_error') return true;
  return /context (length|size|window)/i.test(said.message);
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403) return '. Check the key.';
  if (status === 404) return '. Check the base URL and the name of the model.';
  return status === 429 ? '. It asks for fewer requests; try again later.' : '.';
}

function clean(text: string, secret: string | undefined): string {
  const shown = secret === undefined ? text : text.replaceAll(secret, '[key]');
  return shown.replace(/\.$/, '').slice(0, MAX_SAID);
}
