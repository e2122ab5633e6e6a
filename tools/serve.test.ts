/** The static server: types, ranges, sub-path, and nothing outside its folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRange, serve } from './serve.mjs';

const folder = mkdtempSync(join(tmpdir(), 'linnet-serve-'));
const root = join(folder, 'root');
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  mkdirSync(root);
  writeFileSync(join(root, 'index.html'), '<p>hello');
  writeFileSync(join(root, 'model.gguf'), '0123456789');
  writeFileSync(join(root, 'empty.js'), '');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  server = await serve({ root, basePath: '/sub' });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('serve', () => {
  it('serves the index of its sub-path, and nothing beside it', async () => {
    expect(new URL(server.url).pathname).toBe('/sub/');
    const index = await fetch(server.url);
    expect([index.status, index.headers.get('content-type'), await index.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      '<p>hello',
    ]);
    expect((await fetch(new URL('/', server.url))).status).toBe(404);
  });

  it('answers a range with just those bytes', async () => {
    const part = await fetch(`${server.url}model.gguf`, { headers: { Range: 'bytes=2-4' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234']);
    const beyond = await fetch(`${server.url}model.gguf`, { headers: { Range: 'bytes=10-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  });

  it('sends no isolation headers, and an empty file as empty', async () => {
    const empty = await fetch(`${server.url}empty.js?v=1`);
    expect([empty.status, await empty.text(), empty.headers.get('content-type')]).toEqual([
      200,
      '',
      'text/javascript; charset=utf-8',
    ]);
    expect([...empty.headers.keys()].filter((name) => name.startsWith('cross-origin'))).toEqual([]);
  });

  it.each(['../secret.txt', '%2e%2e/secret.txt', '..%2fsecret.txt', '%zz'])('refuses %s', async (path) => {
    expect(await statusOf(`/sub/${path}`)).toBe(404);
  });
});

describe('parseRange', () => {
  it.each([
    [undefined, undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['bytes=0-', { start: 0, end: 10 }],
    ['bytes=3-100', { start: 3, end: 10 }],
    ['bytes=-4', { start: 6, end: 10 }],
    ['bytes=-100', { start: 0, end: 10 }],
    ['bytes=5-4', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
  ] as const)('%s', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected);
  });
});

/** `fetch` would tidy the path up. */
function statusOf(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(server.url);
  return new Promise((done, fail) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      done(response.statusCode);
    })
      .on('error', fail)
      .end();
  });
}
