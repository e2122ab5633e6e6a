/**
 * The installed page: what the browser says of it, and what works after the server is gone. Everything but the first visit
 * happens with no server at all.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright/test';
import { TINY_SHAPE } from '../tools/fixtures/model-shapes.ts';
import { syntheticBytes } from '../tools/fixtures/synthetic-model.ts';
import { serve } from '../tools/serve.mjs';
import { APP_FOLDER, expect, test, type Profile } from './harness.ts';
import { ask, loadFromUrl, LOAD, setSettings } from './visitor.ts';

async function firstPage(context: BrowserContext): Promise<Page> {
  return context.pages()[0] ?? (await context.newPage());
}

/** Opens the page and waits until its service worker has kept everything. */
async function visit(profile: Profile, url: string): Promise<Page> {
  const page = await firstPage(await profile.open());
  await page.goto(url);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  return page;
}

test('visited once, it chats with no server: also from a sub-path', async ({ profile }) => {
  test.setTimeout(240_000);
  const server = await serve({ root: APP_FOLDER, basePath: '/some/where/' });
  await visit(profile, server.url);
  await profile.close();
  await server.close();

  const page = await firstPage(await profile.open());
  await page.goto(server.url);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  expect(await ask(page, 'What is WebGPU?')).toMatch(/web standard/i);
  // An address below the page's own, as a share target opens it.
  await page.goto(`${server.url}?text=${encodeURIComponent('Who are you?')}`);
  await expect(page.getByTestId('composer')).toHaveValue('Who are you?', LOAD);
});

test('a model that was downloaded and kept answers with no server, with the same text', async ({ profile }) => {
  test.setTimeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), 'linnet-model-'));
  writeFileSync(join(folder, 'own.gguf'), await syntheticBytes(TINY_SHAPE, { type: 'Q4_0', seed: 1 }));
  const server = await serve({ root: APP_FOLDER });
  const models = await serve({ root: folder, headers: { 'Access-Control-Allow-Origin': '*' } });
  const online = await visit(profile, server.url);
  await loadFromUrl(online, `${models.url}own.gguf`);
  await setSettings(online, { temperature: '0', 'max-tokens': '12' });
  const answer = await ask(online, 'Hello');
  await profile.close();
  await Promise.all([server.close(), models.close()]);
  rmSync(folder, { recursive: true });

  const page = await firstPage(await profile.open());
  await page.goto(server.url);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  expect(await ask(page, 'Hello')).toBe(answer);
});

test('the browser finds it installable, with file handler and share target', async ({ profile, app }) => {
  const page = await visit(profile, app.url);
  const devtools = await page.context().newCDPSession(page);
  const { data, errors } = await devtools.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  expect(JSON.parse(data ?? '')).toMatchObject({
    start_url: './',
    file_handlers: [{ action: './', accept: { 'application/octet-stream': ['.gguf'] } }],
    share_target: { action: './', method: 'GET' },
  });
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
  expect(installabilityErrors).toEqual([]);
});

test('the bench page is a page of its own, also behind the service worker and with a query', async ({
  profile,
  app,
}) => {
  await visit(profile, app.url);
  // Opened again, the page is the service worker's.
  const page = await visit(profile, app.url);
  await page.goto(`${app.url}bench.html?numPrompt=20`);
  await expect(page.getByTestId('bench-start')).toBeVisible(LOAD);
});

test('a shared address of a model is looked at, and an opened file too', async ({ profile, app, serveFolder }) => {
  const page = await firstPage(await profile.open());
  const nowhere = await serveFolder({ root: join(APP_FOLDER, 'assets') });
  const address = `${nowhere.url}missing.gguf`;
  await page.goto(`${app.url}?title=Model&text=${encodeURIComponent(`See ${address}`)}`);
  await expect(page.getByTestId('error-panel')).toBeVisible(LOAD);
  expect(nowhere.requests.map(({ path }) => path)).toContain('/missing.gguf');

  // What the system does when a .gguf file is opened with the installed page.
  await page.addInitScript(() => {
    const file = new File(['not a model'], 'mine.gguf');
    Object.defineProperty(globalThis, 'launchQueue', {
      value: {
        setConsumer: (consumer: (launch: unknown) => void) => {
          addEventListener('test-open', () => {
            consumer({ files: [{ getFile: () => Promise.resolve(file) }] });
          });
        },
      },
    });
  });
  await page.goto(app.url);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  await page.evaluate(() => dispatchEvent(new Event('test-open')));
  await expect(page.getByTestId('error-panel')).toContainText('not a GGUF file', LOAD);
});

test('a new version says so, and takes over when asked', async ({ profile }) => {
  test.setTimeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), 'linnet-versions-'));
  cpSync(APP_FOLDER, folder, { recursive: true });
  const server = await serve({ root: folder });
  try {
    const page = await visit(profile, server.url);
    // The next version has another title; its service worker differs by the page's revision, as after a build.
    const index = join(folder, 'index.html');
    writeFileSync(index, readFileSync(index, 'utf8').replace('<title>Linnet</title>', '<title>Linnet, next</title>'));
    const worker = join(folder, 'sw.js');
    const changed = readFileSync(worker, 'utf8').replace(/(index\.html",\s*"?revision"?:\s*")[0-9a-f]+/, '$1next');
    expect(changed).toContain('next');
    writeFileSync(worker, changed);

    await page.reload();
    await expect(page.getByTestId('update-notice')).toBeVisible(LOAD);
    expect(await page.title()).toBe('Linnet');
    await page.getByTestId('update-apply').click();
    await expect(page).toHaveTitle('Linnet, next', LOAD);
    await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
