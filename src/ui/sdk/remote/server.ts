/**
 * A server that speaks as OpenAI's does: requests made ready to be looked at before they are sent, whole answers and streams.
 * Knows no engine and no policy.
 */
import { abortedError } from '../../errors.ts';
import { bodyFor } from './parameters.ts';
import { serverOf, type RemoteOptions, type Server } from './options.ts';
import { errorIn, RemoteError, saidError } from './remote-error.ts';
import { EventParser } from './server-sent-events.ts';
import { open, type Asked, type Opened } from './transport.ts';

export type RemotePath = 'chat/completions' | 'completions' | 'embeddings' | 'models';

/** What will be sent, and where. */
export interface Prepared extends Asked {
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly sentBytes: number;
  /** The list that an answer has to have. */
  readonly list: 'choices' | 'data';
}

export class RemoteServer {
  readonly #server: Server;

  /** @throws RequestError for an address that is none */
  constructor(options: RemoteOptions) {
    this.#server = serverOf(options);
  }

  /** Name and port. */
  get host(): string {
    return this.#server.host;
  }

  /** @throws RequestError for a parameter that this server has not */
  prepare(path: RemotePath, params: object, model: string | undefined): Prepared {
    const { baseURL, kind } = this.#server;
    const url = `${baseURL}/${path}`;
    const list = path === 'embeddings' || path === 'models' ? 'data' : 'choices';
    if (path === 'models') {
      return { method: 'GET', url, text: undefined, streams: true, body: undefined, sentBytes: 0, list };
    }
    const body = bodyFor(kind, params, model);
    const text = JSON.stringify(body);
    const sentBytes = new TextEncoder().encode(text).length;
    // A vector takes no longer than the prompt of a stream.
    const streams = body['stream'] === true || path === 'embeddings';
    return { method: 'POST', url, text, streams, body, sentBytes, list };
  }

  /** A whole answer. @throws RemoteError; RequestError for a key that is none; LinnetError `Aborted` */
  async ask(prepared: Prepared, signal: AbortSignal | undefined): Promise<Record<string, unknown>> {
    const opened = await open(this.#server, prepared, signal);
    const text = await textOf(opened);
    return this.#checked(text, prepared.list, opened.secret);
  }

  /** The pieces of an answer. Throws as `ask` does, also in the middle; nothing is asked again once a byte has come. */
  async *stream(prepared: Prepared, signal: AbortSignal | undefined): AsyncGenerator<Record<string, unknown>, void> {
    const { host } = this.#server;
    const opened = await open(this.#server, prepared, signal);
    const { secret, contentType } = opened;
    if (contentType === 'application/json') {
      this.#checked(await textOf(opened), prepared.list, secret);
      throw new RemoteError('notUnderstood', `${host} was asked for a stream and sent a whole answer.`, { host });
    }
    const ends = new Map<unknown, boolean>();
    for await (const data of dataOf(opened)) {
      if (data === '[DONE]') return;
      if (signal?.aborted === true) throw abortedError();
      const piece = this.#checked(data, prepared.list, secret);
      noteEnds(piece, ends);
      yield piece;
    }
    // A server that ends without a word has to have said why each answer ended.
    if (ends.size === 0 || [...ends.values()].includes(false))
      throw new RemoteError('brokenOff', `The stream of ${host} ended within an answer. Ask again.`, { host });
  }

  #checked(text: string, list: Prepared['list'], secret: string | undefined): Record<string, unknown> {
    const { host } = this.#server;
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      throw new RemoteError('notUnderstood', `${host} answered with something else than JSON. Check the base URL.`, {
        host,
      });
    }
    if (typeof body === 'object' && body !== null && Array.isArray((body as Record<string, unknown>)[list]))
      return body as Record<string, unknown>;
    const said = errorIn(body);
    if (said !== undefined) throw saidError(said, { host, secret });
    const message = `${host} answered without ${list}, which is not as OpenAI's servers answer. Check the base URL.`;
    throw new RemoteError('notUnderstood', message, { host });
  }
}

/** Of each event, as soon as it is there. */
async function* dataOf({ pieces }: Opened): AsyncGenerator<string, void> {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  for await (const bytes of pieces) yield* parser.push(decoder.decode(bytes, { stream: true }));
  yield* parser.end();
}

async function textOf({ pieces }: Opened): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of pieces) text += decoder.decode(bytes, { stream: true });
  return text + decoder.decode();
}

/** By index, which choices there are and whether each has ended. */
function noteEnds(piece: Readonly<Record<string, unknown>>, ends: Map<unknown, boolean>): void {
  const choices = piece['choices'] as readonly { readonly index?: unknown; readonly finish_reason?: unknown }[];
  for (const { index, finish_reason } of choices)
    ends.set(index, ends.get(index) === true || typeof finish_reason === 'string');
}
