/**
 * A static file server for the built app and for model files in tests: right MIME types, byte ranges, a sub-path when
 * asked for, and no header beyond what a plain host sends (so nothing can come to rest on COOP, COEP or a service).
 * It knows nothing of builds and opens no connection itself.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve, sep } from 'node:path';

/** @type {Readonly<Record<string, string>>} */
const MIME = {
  '.css': 'text/css; charset=utf-8',
  '.gguf': 'application/octet-stream',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/**
 * @typedef {object} ServedRequest
 * @property {string} path below the base path, e.g. `/index.html`
 * @property {string | undefined} range the header as it came
 * @property {number} status
 * @property {number} bodyBytes what was announced; an aborted transfer sends less
 */

/**
 * @typedef {object} ServeOptions
 * @property {string} root folder to serve
 * @property {number} [port] default 0: any free one
 * @property {string} [basePath] the sub-path, e.g. `/demo/`; default `/`
 * @property {Readonly<Record<string, string>>} [headers] added to every answer, e.g. CORS for models of another origin
 * @property {(request: ServedRequest) => void} [onRequest] sees every answer
 */

/**
 * @param {ServeOptions} options
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} `url` ends with the base path
 * @throws {Error} EADDRINUSE when the port is taken
 */
export async function serve({ root, port = 0, basePath = '/', headers = {}, onRequest = () => undefined }) {
  const folder = resolve(root);
  const base = `/${basePath}/`.replace(/\/+/g, '/');

  const server = createServer((request, response) => {
    answer(request, response).catch((/** @type {unknown} */ error) => {
      console.error(error);
      response.destroy();
    });
  });

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async function answer(request, response) {
    const path = pathOf(request.url ?? '/', base);
    const range = request.headers.range;
    /** @param {number} status @param {Record<string, string | number>} fields @param {number} bodyBytes */
    const begin = (status, fields, bodyBytes) => {
      onRequest({ path: path ?? request.url ?? '', range, status, bodyBytes });
      response.writeHead(status, { ...headers, ...fields, 'Content-Length': bodyBytes });
    };
    if (request.method === 'OPTIONS') {
      begin(204, {}, 0);
      return void response.end();
    }
    const file = path === undefined ? undefined : await findFile(folder, path);
    if (file === undefined) {
      begin(404, { 'Content-Type': 'text/plain' }, 0);
      return void response.end();
    }
    const window = parseRange(range, file.sizeBytes);
    if (window === 'unsatisfiable') {
      begin(416, { 'Content-Range': `bytes */${file.sizeBytes}` }, 0);
      return void response.end();
    }
    const { start, end } = window ?? { start: 0, end: file.sizeBytes };
    const contentRange = window === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${file.sizeBytes}` };
    begin(
      window === undefined ? 200 : 206,
      {
        'Content-Type': MIME[extname(file.path).toLowerCase()] ?? 'application/octet-stream',
        'Accept-Ranges': 'bytes',
        ETag: file.etag,
        'Cache-Control': 'no-cache',
        ...contentRange,
      },
      end - start,
    );
    if (request.method === 'HEAD' || end === start) return void response.end();
    const body = createReadStream(file.path, { start, end: end - 1 });
    response.on('close', () => body.destroy());
    body.pipe(response);
  }

  await new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, 'localhost', () => done(undefined));
  });
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://localhost:${actualPort}${base}`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/**
 * @param {string} url of the request
 * @param {string} base
 * @returns {string | undefined} the decoded path below `base`, undefined when it lies outside
 */
function pathOf(url, base) {
  try {
    const path = decodeURIComponent(url.replace(/[?#].*$/, ''));
    return path.startsWith(base) ? `/${path.slice(base.length)}` : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} folder
 * @param {string} path
 * @returns {Promise<{ path: string, sizeBytes: number, etag: string } | undefined>}
 */
async function findFile(folder, path) {
  const wanted = join(folder, normalize(path.endsWith('/') ? `${path}index.html` : path));
  if (!wanted.startsWith(folder + sep)) return undefined;
  const found = await stat(wanted).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  return { path: wanted, sizeBytes: found.size, etag: `"${found.size.toString(16)}-${found.mtimeMs.toString(16)}"` };
}

/**
 * One range of the forms `bytes=a-b`, `bytes=a-`, `bytes=-n`; anything else is answered with the whole file.
 * @param {string | undefined} header
 * @param {number} sizeBytes
 * @returns {{ start: number, end: number } | 'unsatisfiable' | undefined} `end` is exclusive
 */
export function parseRange(header, sizeBytes) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const first = match[1] === '' ? Math.max(0, sizeBytes - Number(match[2])) : Number(match[1]);
  const last = match[1] === '' || match[2] === '' ? sizeBytes - 1 : Math.min(Number(match[2]), sizeBytes - 1);
  if (first >= sizeBytes || last < first) return 'unsatisfiable';
  return { start: first, end: last + 1 };
}
