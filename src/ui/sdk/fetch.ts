/**
 * A `fetch` that is answered by an engine in this page instead of a server: for clients of OpenAI's API, whose requests it reads
 * and whose answers, streams and error bodies it writes. Knows HTTP's words, and the engine through OpenAI's shapes alone.
 */
import type { LinnetErrorName } from '../../worker/api.ts';
import { toLinnetError, type LinnetError } from '../errors.ts';
import type { Linnet } from './linnet.ts';
import type { ChatCompletionCreateParams, CompletionCreateParams, EmbeddingCreateParams } from './openai-types.ts';
import { RemoteError } from './remote/remote-error.ts';
import { RequestError } from './request-error.ts';
import { Stream } from './stream.ts';

/** What a path is answered with: an object, or a stream of them. */
type Handler = (body: unknown, signal: AbortSignal) => Promise<unknown>;

/**
 * Answers POST `/chat/completions`, `/completions` and `/embeddings`, and GET `/models` and `/models/ID`, below any base URL whose
 * path ends in `/v1`, whatever its host: what leaves the page does so by the engine's own policy. Like every fetch it rejects only when it is aborted;
 * all else is a response with an error body. A request's key is not looked at.
 */
export function createFetch(engine: Linnet): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    const path = /\/v1(\/.*)$/.exec(pathname)?.[1] ?? pathname;
    try {
      const answer = await handlerOf(engine, request.method, path)(await bodyOf(request), request.signal);
      if (answer instanceof Stream) return eventStream(answer as Stream<object>);
      return Response.json(answer);
    } catch (thrown) {
      if (request.signal.aborted) throw abortError();
      return failed(thrown);
    }
  };
}

function handlerOf(engine: Linnet, method: string, path: string): Handler {
  const [, id] = /^\/models\/(.+)$/.exec(path) ?? [];
  switch (`${method} ${id === undefined ? path : '/models/:id'}`) {
    // What came as JSON is checked by `create`, field by field.
    case 'POST /chat/completions':
      return (body, signal) => engine.chat.completions.create(body as ChatCompletionCreateParams, { signal });
    case 'POST /completions':
      return (body, signal) => engine.completions.create(body as CompletionCreateParams, { signal });
    case 'POST /embeddings':
      return (body, signal) => engine.embeddings.create(body as EmbeddingCreateParams, { signal });
    case 'GET /models':
      return () => engine.models.list();
    case 'GET /models/:id':
      return () => engine.models.retrieve(decodeURIComponent(id ?? ''));
    default:
      throw new UnknownPath(`There is no ${method} ${path} here.`);
  }
}

class UnknownPath extends Error {}

/** @throws RequestError for what is no object in JSON */
async function bodyOf(request: Request): Promise<unknown> {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  const text = await request.text();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  } catch {
    // Told below, as what it is to the caller.
  }
  throw new RequestError('invalid_value', 'body', 'The body of the request must be an object in JSON.');
}

/** Server-sent events, one a piece, and `[DONE]`. An error on the way is an event of its own, since the status is out. */
function eventStream(pieces: Stream<object>): Response {
  const encoder = new TextEncoder();
  const iterator = pieces[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const send = (data: string) => {
        controller.enqueue(encoder.encode(`data: ${data}\n\n`));
      };
      try {
        const { done, value } = await iterator.next();
        send(done === true ? '[DONE]' : JSON.stringify(value));
        if (done === true) controller.close();
      } catch (thrown) {
        const error = toLinnetError(thrown);
        if (error.name === 'Aborted') {
          controller.error(abortError());
          return;
        }
        send(JSON.stringify(errorBody(error)));
        controller.close();
      }
    },
    async cancel() {
      pieces.controller.abort();
      await iterator.return();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
}

function failed(thrown: unknown): Response {
  if (thrown instanceof UnknownPath) {
    const error = { message: thrown.message, type: 'invalid_request_error', param: null, code: 'unknown_url' };
    return Response.json({ error }, { status: 404 });
  }
  const error = toLinnetError(thrown);
  // The same request would fail again: clients that retry server errors by themselves are told not to.
  return Response.json(errorBody(error), { status: statusOf(error), headers: { 'x-should-retry': 'false' } });
}

/** Status and OpenAI's code of the errors that are about a request. All others are a 500, with our name for a code. */
const OF_REQUESTS: Partial<Record<LinnetErrorName, readonly [status: number, code: string]>> = {
  InvalidRequest: [400, 'invalid_value'],
  TemplateFailed: [400, 'invalid_value'],
  GrammarFailed: [400, 'invalid_value'],
  ContextFull: [400, 'context_length_exceeded'],
  ModelNotLoaded: [404, 'model_not_found'],
};

function statusOf(error: LinnetError): number {
  const known = OF_REQUESTS[error.name]?.[0];
  if (known !== undefined || !(error instanceof RemoteError)) return known ?? 500;
  return error.status ?? (error.kind === 'timedOut' ? 504 : 502);
}

function errorBody(error: LinnetError) {
  const { name, message } = error;
  const param = name === 'ModelNotLoaded' ? 'model' : null;
  return {
    error: {
      message,
      type: statusOf(error) < 500 ? 'invalid_request_error' : 'server_error',
      param: error instanceof RequestError ? error.param : param,
      code: codeOf(error),
    },
  };
}

function codeOf(error: LinnetError): string {
  if (error instanceof RequestError) return error.code;
  return OF_REQUESTS[error.name]?.[1] ?? (error instanceof RemoteError ? error.code : undefined) ?? error.name;
}

function abortError(): DOMException {
  return new DOMException('The request was aborted.', 'AbortError');
}
