/**
 * Brings up the servers that tests in a browser need, and tells the tests where they are (`inject('servers')`).
 */
import type { TestProject } from 'vitest/node';
import { noise } from '../../src/cache/testing/kit.ts';
import { bertRepository, decoderRepository } from '../fixtures/onnx-bert.ts';
import type { FileOptions } from './file-answer.ts';
import { listen, serveFile, type FileServer, type TestServer } from './serve-file.ts';
import { serveHub } from './serve-hub.ts';
import { chatStream, serveOpenAi } from './serve-openai.ts';

/** Of `noise(MODEL_BYTES)`, the file that all of them serve. */
export const MODEL_BYTES = 20 * 64 * 1024 + 777;
export const HUB_REPO = 'somebody/model-GGUF';

const FILES = {
  plain: { etag: '"one"' },
  hidden: { etag: '"one"', exposeContentRange: false },
  hiddenWithoutHead: { exposeContentRange: false, headStatus: 405 },
  noCors: { cors: false },
  noRanges: { ranges: false },
  slow: { etag: '"one"', slowMs: 10 },
} satisfies Readonly<Record<string, FileOptions>>;

export interface ServerAddresses {
  readonly files: Readonly<Record<keyof typeof FILES, string>>;
  readonly hub: string;
  /** Has `somebody/tiny-bert` and `somebody/tiny-gpt` in ONNX. */
  readonly onnxHub: string;
  /** The hub whose other origin hides `Content-Range`. */
  readonly hiddenHub: string;
  /** Base URLs of servers that stream `From afar.` to every chat; other origins may not read the second. */
  readonly openAi: { readonly open: string; readonly noCors: string };
  /** GET: `{ [url or hub]: body bytes sent so far }`. */
  readonly traffic: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    servers: ServerAddresses;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const bytes = noise(MODEL_BYTES);
  const repositories = { [HUB_REPO]: { 'README.md': noise(10), 'model-Q4_K_M.gguf': bytes } };
  const [plain, hidden, hiddenWithoutHead, noCors, noRanges, slow] = await Promise.all([
    serveFile(bytes, FILES.plain),
    serveFile(bytes, FILES.hidden),
    serveFile(bytes, FILES.hiddenWithoutHead),
    serveFile(bytes, FILES.noCors),
    serveFile(bytes, FILES.noRanges),
    serveFile(bytes, FILES.slow),
  ]);
  const hub = await serveHub({ repositories });
  const hiddenHub = await serveHub({ repositories, cdn: { exposeContentRange: false } });
  const afar = [chatStream(['From ', 'afar.'])];
  const [openAi, openAiNoCors] = await Promise.all([serveOpenAi(afar), serveOpenAi(afar, { cors: false })]);
  const onnx = { 'somebody/tiny-bert': bertRepository(), 'somebody/tiny-gpt': decoderRepository() };
  const onnxHub = await serveHub({ repositories: onnx });
  const files = { plain, hidden, hiddenWithoutHead, noCors, noRanges, slow } satisfies Record<
    keyof typeof FILES,
    FileServer
  >;
  const sentBytes = (): Readonly<Record<string, number>> => ({
    ...Object.fromEntries(Object.values(files).map(({ url, traffic }) => [url, traffic.sentBytes])),
    [hub.origin]: hub.cdn.traffic.sentBytes,
    [hiddenHub.origin]: hiddenHub.cdn.traffic.sentBytes,
  });
  const traffic = await listen((_, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.end(JSON.stringify(sentBytes()));
  });
  project.provide('servers', {
    files: {
      plain: plain.url,
      hidden: hidden.url,
      hiddenWithoutHead: hiddenWithoutHead.url,
      noCors: noCors.url,
      noRanges: noRanges.url,
      slow: slow.url,
    },
    hub: hub.origin,
    onnxHub: onnxHub.origin,
    hiddenHub: hiddenHub.origin,
    openAi: { open: openAi.baseURL, noCors: openAiNoCors.baseURL },
    traffic: traffic.origin,
  });
  const all: readonly TestServer[] = [...Object.values(files), hub, hiddenHub, onnxHub, openAi, openAiNoCors, traffic];
  return async () => {
    await Promise.all(all.map((server) => server.close()));
  };
}
