/** The built page opens from a plain static host, below any path, and speaks to nobody else. */
import { APP_FOLDER, expect, test } from './harness.ts';

test('opens from a sub-path and asks for nothing outside it', async ({ page, serveFolder }) => {
  const server = await serveFolder({ root: APP_FOLDER, basePath: '/some/where/' });
  const foreign: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(server.url) && !/^(data|blob):/.test(url)) foreign.push(url);
  });
  await page.goto(server.url, { waitUntil: 'networkidle' });
  await expect(page).toHaveTitle(/\S/);
  expect(foreign).toEqual([]);
  expect(server.requests.filter(({ status }) => status >= 400)).toEqual([]);
});

test('has a WebGPU adapter to compute on', async ({ page, app }) => {
  await page.goto(app.url);
  const vendor = await page.evaluate(async () => (await navigator.gpu.requestAdapter())?.info.vendor);
  expect(vendor).toBeTruthy();
});
