/**
 * A local HTTP server with one file on it, which behaves as well or as badly as a test wants, and counts what it sends.
 */
import { createServer, type RequestListener } from 'node:http';
import { Traffic, answerFile, type FileOptions } from './file-answer.ts';

export interface TestServer {
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly origin: string;
  close(): Promise<void>;
}

export interface FileServer extends TestServer {
  readonly url: string;
  readonly traffic: Traffic;
  /** Replaces file or behaviour from the next request on. Counts of requests in the options begin anew. */
  change(options: FileOptions, bytes?: Uint8Array): void;
}

export async function serveFile(
  bytes: Uint8Array,
  options: FileOptions = {},
  name = 'model.gguf',
): Promise<FileServer> {
  const traffic = new Traffic();
  let served = bytes;
  let behaviour = options;
  const server = await listen((request, response) => {
    void answerFile(request, response, served, behaviour, traffic);
  });
  const change = (changed: FileOptions, replacement = served): void => {
    behaviour = changed;
    served = replacement;
    traffic.reset();
  };
  return { ...server, url: `${server.origin}/${name}`, traffic, change };
}

/** Any port of this machine. */
export async function listen(listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The test server has no port.');
  return {
    origin: `http://127.0.0.1:${String(address.port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
