/**
 * A local stand-in for the model hub: the paged listing of a repository on one origin, and downloads that are redirected
 * to another, where the bytes are. Counts both.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Traffic, allowOtherOrigins, answerFile, type FileOptions } from './file-answer.ts';
import { listen, type TestServer } from './serve-file.ts';

export interface HubOptions {
  /** `owner/name` -> path -> bytes. */
  readonly repositories: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;
  /** Entries on a page of the listing. Default 1000. */
  readonly pageSize?: number;
  /** Revision that exists. Default `main`. */
  readonly revision?: string;
  /** How the other origin behaves. */
  readonly cdn?: FileOptions;
}

export interface HubServer extends TestServer {
  /** Of listings and redirects. */
  readonly traffic: Traffic;
  /** Where the bytes come from. */
  readonly cdn: TestServer & { readonly traffic: Traffic };
  changeCdn(options: FileOptions): void;
  close(): Promise<void>;
}

export async function serveHub(options: HubOptions): Promise<HubServer> {
  const traffic = new Traffic();
  const cdnTraffic = new Traffic();
  let behaviour = options.cdn ?? {};
  const fileOf = (repo: string, path: string): Uint8Array | undefined => options.repositories[repo]?.[path];

  const cdn = await listen((request, response) => {
    const [, owner = '', name = '', ...path] = pathOf(request);
    const bytes = fileOf(`${owner}/${name}`, path.join('/'));
    if (bytes === undefined) return notFound(response);
    void answerFile(request, response, bytes, { etag: `"${sha256(bytes)}"`, ...behaviour }, cdnTraffic);
  });
  const hub = await listen((request, response) => {
    traffic.numRequests++;
    traffic.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    allowOtherOrigins(response, true);
    answerHub(request, response, options, cdn.origin);
  });
  return {
    origin: hub.origin,
    traffic,
    cdn: { ...cdn, traffic: cdnTraffic },
    changeCdn: (changed) => {
      behaviour = changed;
      cdnTraffic.reset();
    },
    close: async () => {
      await Promise.all([hub.close(), cdn.close()]);
    },
  };
}

function answerHub(request: IncomingMessage, response: ServerResponse, options: HubOptions, cdnOrigin: string): void {
  const revision = options.revision ?? 'main';
  const parts = pathOf(request);
  if (parts[1] === 'api' && parts[2] === 'models' && parts[5] === 'tree') {
    const files = options.repositories[`${parts[3] ?? ''}/${parts[4] ?? ''}`];
    if (files === undefined || parts[6] !== revision) return notFound(response);
    return answerListing(request, response, files, options.pageSize ?? 1000);
  }
  const [, owner = '', name = '', resolve, asked, ...path] = parts;
  const bytes = options.repositories[`${owner}/${name}`]?.[path.join('/')];
  if (resolve !== 'resolve' || asked !== revision || bytes === undefined) return notFound(response);
  response.setHeader('X-Linked-Size', bytes.length);
  response.setHeader('X-Linked-ETag', `"${sha256(bytes)}"`);
  response.setHeader('Location', `${cdnOrigin}/${owner}/${name}/${path.map(encodeURIComponent).join('/')}?signature=1`);
  response.writeHead(302);
  response.end();
}

function answerListing(
  request: IncomingMessage,
  response: ServerResponse,
  files: Readonly<Record<string, Uint8Array>>,
  pageSize: number,
): void {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  const from = Number(url.searchParams.get('cursor') ?? 0);
  const entries = Object.entries(files).map(([path, bytes]) => ({
    type: 'file',
    oid: createHash('sha1').update(bytes).digest('hex'),
    size: bytes.length,
    lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 135 },
    path,
  }));
  const listed: readonly object[] = [{ type: 'directory', oid: '0', size: 0, path: 'folder' }, ...entries];
  if (from + pageSize < listed.length) {
    url.searchParams.set('cursor', String(from + pageSize));
    response.setHeader('Link', `<${url.href}>; rel="next"`);
  }
  response.setHeader('Content-Type', 'application/json');
  response.writeHead(200);
  response.end(JSON.stringify(listed.slice(from, from + pageSize)));
}

function pathOf(request: IncomingMessage): readonly string[] {
  return new URL(request.url ?? '/', 'http://localhost').pathname.split('/').map(decodeURIComponent);
}

function notFound(response: ServerResponse): void {
  response.writeHead(404);
  response.end();
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
