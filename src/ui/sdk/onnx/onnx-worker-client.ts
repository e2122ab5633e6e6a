/** This side of the ONNX worker, which is started by the first request. Knows its messages, and no shape of OpenAI's. */
import type { OnnxReply, OnnxRequest } from '../../../worker/api.ts';
import { abortedError, isErrorName, LinnetError } from '../../errors.ts';

type Answer = Extract<OnnxReply, { embeddings: unknown }>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: LinnetError) => void;
}

export class OnnxWorkerClient {
  #worker: Worker | undefined;
  #numRequests = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** @throws LinnetError as the worker says; `Aborted`; `WorkerFailed` when the worker ends */
  async embed(request: Omit<OnnxRequest, 'id'>, signal: AbortSignal | undefined): Promise<Answer> {
    if (signal?.aborted === true) throw abortedError();
    const id = this.#numRequests++;
    const worker = (this.#worker ??= this.#start());
    const abort = (): void => {
      // What is computed for it goes on, and is not waited for.
      this.#waiting.get(id)?.reject(abortedError());
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        worker.postMessage({ ...request, id } satisfies OnnxRequest);
      });
    } finally {
      this.#waiting.delete(id);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Ends the worker, if there is one. */
  close(): void {
    this.#end(new LinnetError('WorkerFailed', 'The engine was closed. Start it again to go on.'));
  }

  #start(): Worker {
    const worker = new Worker(new URL('../../../worker/onnx/onnx-worker.ts', import.meta.url), {
      type: 'module',
      name: 'linnet-onnx',
    });
    worker.addEventListener('message', ({ data }: MessageEvent<OnnxReply>) => {
      const waiting = this.#waiting.get(data.id);
      if ('embeddings' in data) waiting?.resolve(data);
      else waiting?.reject(errorOf(data.error));
    });
    worker.addEventListener('error', ({ message }) => {
      this.#end(
        new LinnetError('WorkerFailed', `The ONNX worker stopped: ${message}. The next request starts it again.`),
      );
    });
    return worker;
  }

  #end(error: LinnetError): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { reject } of [...this.#waiting.values()]) reject(error);
  }
}

function errorOf({ name, message }: { readonly name: string; readonly message: string }): LinnetError {
  return new LinnetError(isErrorName(name) ? name : 'Internal', message);
}
