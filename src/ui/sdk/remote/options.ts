/** What a caller says of a server, and the check of it. Keeps no key but the one in the caller's own options. */
import { RequestError } from '../request-error.ts';
import type { Route, RoutingPolicy } from './route.ts';

/** Which names a server has for the parameters beyond OpenAI's. `openai` has none. */
export type ServerKind = 'openai' | 'vllm' | 'sglang' | 'llama.cpp' | 'ollama';

/** How long to wait for a server, in milliseconds. */
export interface RemoteTimeouts {
  /** Until a server begins to answer a request for a stream, an embedding or a list. Some begin when the prompt is read. Default 60 s. */
  readonly connectMs?: number;
  /** From there to the first byte of the body. Default 60 s. */
  readonly firstByteMs?: number;
  /** Between two pieces of the body. Default 60 s. */
  readonly idleMs?: number;
  /** Until a server begins to answer a request that does not stream: it does when all is written. Default 10 minutes. */
  readonly wholeMs?: number;
}

/** A server that speaks as OpenAI's does, and when it is asked. */
export interface RemoteOptions {
  /** Up to `/v1`, e.g. `https://models.example/v1`. */
  readonly baseURL: string;
  /** Default `local`. */
  readonly policy?: RoutingPolicy;
  /** Default `openai`. */
  readonly server?: ServerKind;
  /** Sent to the origin of `baseURL` as a bearer token, and nowhere else. A function is asked for each try. Default: none. */
  readonly apiKey?: string | (() => string | Promise<string>);
  /** What the server calls its model: for requests that name none, or one of the device that `models` does not list. */
  readonly model?: string;
  /** By the id of a model on the device, the server's name of one that may stand in for it, and it for that. */
  readonly models?: Readonly<Record<string, string>>;
  /** A model that cannot be as fast here, or was not, is too slow for `localFirst`. Default: no speed is. */
  readonly minTokensPerSecond?: number;
  /** A model that needs more is too large for `localFirst`. Default: half of the memory that the browser reports, if it is below 8 GiB. */
  readonly maxGpuBytes?: number;
  readonly timeouts?: RemoteTimeouts;
  /** Tries after the first one, of what failed before the first byte. Default 2. */
  readonly maxRetries?: number;
  /**
   * Told before anything is computed or sent, and awaited. `false`, or a promise of it, keeps a request from the server: it is then
   * computed on the device, or fails as it does there.
   */
  readonly onRoute?: (route: Route) => unknown;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** What the transport needs of them, with what was left open. */
export interface Server {
  /** No slash at the end. */
  readonly baseURL: string;
  readonly host: string;
  readonly kind: ServerKind;
  readonly apiKey: () => Promise<string | undefined>;
  readonly timeouts: Required<RemoteTimeouts>;
  readonly maxRetries: number;
  readonly fetch: typeof fetch;
}

const TIMEOUTS: Required<RemoteTimeouts> = {
  connectMs: 60_000,
  firstByteMs: 60_000,
  idleMs: 60_000,
  wholeMs: 600_000,
};
const KINDS: Readonly<Record<ServerKind, true>> = {
  openai: true,
  vllm: true,
  sglang: true,
  'llama.cpp': true,
  ollama: true,
};

/** @throws RequestError for an address that is none, or has a password in it; it never says the address, which may hold a secret. */
export function serverOf(options: RemoteOptions): Server {
  const { server = 'openai', apiKey, timeouts = {}, maxRetries = 2 } = options;
  if (!Object.hasOwn(KINDS, server)) throw wrong('remote.server', `one of ${Object.keys(KINDS).join(', ')}`);
  if (!Number.isInteger(maxRetries) || maxRetries < 0) throw wrong('remote.maxRetries', 'a whole number, 0 or more');
  const url = addressOf(options.baseURL);
  const given = Object.entries(timeouts).filter(([, ms]) => typeof ms === 'number');
  return {
    baseURL: url.href.replace(/\/+$/, ''),
    host: url.host,
    kind: server,
    apiKey: async () => (apiKey === undefined ? undefined : checkedKey(await keyOf(apiKey))),
    timeouts: { ...TIMEOUTS, ...Object.fromEntries(given) },
    maxRetries,
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  };
}

function addressOf(baseURL: string): URL {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw wrong('remote.baseURL', 'the address of a server, https://...');
  if (url.username !== '' || url.password !== '')
    throw wrong('remote.baseURL', 'without user name and password; a key goes into apiKey');
  if (url.search !== '' || url.hash !== '') throw wrong('remote.baseURL', 'without a query and a fragment');
  return url;
}

async function keyOf(apiKey: NonNullable<RemoteOptions['apiKey']>): Promise<unknown> {
  if (typeof apiKey !== 'function') return apiKey;
  try {
    return await apiKey();
  } catch {
    // What it threw is left out: it may tell of the key.
    throw new RequestError('invalid_value', 'remote.apiKey', 'The function remote.apiKey failed to give a key.');
  }
}

/** What cannot stand in a header is refused here: the browser's own error would print it. */
function checkedKey(key: unknown): string {
  if (typeof key === 'string' && /^[\x21-\x7e]+$/.test(key)) return key;
  throw wrong('remote.apiKey', 'a text of visible ASCII characters, or a function that gives one');
}

function wrong(param: string, wanted: string): RequestError {
  return new RequestError('invalid_value', param, `${param} must be ${wanted}.`);
}
