/** The embed script in somebody else's page, from another origin, under the strictest policy that is documented. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from './harness.ts';

const EMBED_FOLDER = resolve(import.meta.dirname, '../dist/embed');

test('starts its worker in a foreign page that allows one script host and blob workers', async ({
  page,
  serveFolder,
}) => {
  const script = await serveFolder({ root: EMBED_FOLDER, headers: { 'Access-Control-Allow-Origin': '*' } });
  const host = new URL(script.url).origin;
  const policy = `default-src 'none'; script-src ${host}; connect-src ${host}; worker-src blob:; style-src 'unsafe-inline'`;
  const folder = mkdtempSync(join(tmpdir(), 'linnet-site-'));
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><link rel="icon" href="data:,">
     <meta http-equiv="Content-Security-Policy" content="${policy}">
     <script type="module" src="${script.url}embed.js"></script>
     <linnet-embed></linnet-embed>`,
  );
  const site = await serveFolder({ root: folder });

  await page.goto(site.url);
  await expect(page.getByTestId('embed-start')).toBeVisible();
  // Nothing but the script itself before somebody asks.
  expect(script.requests.map(({ path }) => path)).toEqual(['/embed.js']);
  const worker = page.waitForEvent('worker');
  await page.getByTestId('embed-start').click();
  expect((await worker).url()).toMatch(/^blob:/);
  await expect(page.getByTestId('model-url-input')).toBeVisible();
  await expect(page.locator('linnet-embed')).toHaveCSS('display', 'block');
  expect(script.requests.filter(({ path }) => path.endsWith('.gguf'))).toEqual([]);
  rmSync(folder, { recursive: true });
});
