/** The bench page, as a visitor uses it: from the chat's settings, with a model from an address and with a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchResult } from '../src/ui/bench/result.ts';
import { TINY_SHAPE } from '../tools/fixtures/model-shapes.ts';
import { syntheticBytes } from '../tools/fixtures/synthetic-model.ts';
import { expect, test } from './harness.ts';
import { bodyBytes } from './visitor.ts';

const MEASURED = { timeout: 240_000 };

test('measures a model: loads, speeds, limits, a plot, and JSON', async ({ page, app, serveFolder }) => {
  test.setTimeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'linnet-model-'));
  const bytes = await syntheticBytes(TINY_SHAPE, { type: 'Q4_0', seed: 1 });
  writeFileSync(join(folder, 'own.gguf'), bytes);
  const models = await serveFolder({ root: folder, headers: { 'Access-Control-Allow-Origin': '*' } });

  await page.goto(app.url);
  await page.getByTestId('settings-button').click();
  await page.getByTestId('bench-link').click();
  await expect(page.getByTestId('bench-start')).toBeVisible();

  const query = new URLSearchParams({
    model: `${models.url}own.gguf`,
    numPrompt: '20',
    numGenerate: '6',
    numRepeats: '2',
  });
  await page.goto(`${app.url}bench.html?${query}`);
  await expect(page.getByTestId('bench-start')).toHaveText(/Download and measure/);
  expect(bodyBytes(models, '/own.gguf')).toBe(0);
  await page.getByTestId('bench-start').click();
  await expect(page.getByTestId('bench-json')).toBeVisible(MEASURED);
  for (const id of ['bench-decode', 'bench-prefill', 'bench-first-token', 'bench-load']) {
    await expect(page.getByTestId(id)).toContainText(/\d/);
  }
  await expect(page.getByTestId('bench-chart')).toContainText('dequantising');

  const result = JSON.parse(await page.getByTestId('bench-json').innerText()) as BenchResult;
  expect(result.settings).toEqual({ numPrompt: 20, numGenerate: 6, kvFill: 0, numRepeats: 2 });
  expect(result.load.networkBytes).toBeGreaterThanOrEqual(bytes.length);
  expect(result.load.warmMs).toBeGreaterThan(0);
  expect(result.perToken.numSubmits).toBe(1);
  // One token reads every weight of the layers and the head, which lie in at least half a byte each.
  expect(result.perToken.weightBytesRead).toBeGreaterThan(result.model.numParameters / 2);
  expect(result.perToken.weightBytesRead).toBeLessThan(2 * bytes.length);
  expect(result.share.decode).toBeGreaterThan(0);
  expect(result.share.decode).toBeLessThan(1);
  expect(result.share.prefill).toBeLessThan(1);
  // Once for the header, which is all of a file so small, and once for the first load; the second came from the cache.
  expect(bodyBytes(models, '/own.gguf')).toBeLessThanOrEqual(2 * bytes.length);
  rmSync(folder, { recursive: true });
});

test('stops, and says what cannot be measured', async ({ page, app }) => {
  await page.goto(`${app.url}bench.html`);
  const junk = { name: 'junk.gguf', mimeType: '', buffer: Buffer.from('this is no model at all') };
  await page.getByTestId('bench-file').setInputFiles(junk);
  await page.getByTestId('bench-start').click();
  await expect(page.getByTestId('bench-problem')).toHaveAttribute('data-error', 'NotGguf');
  const model = Buffer.from(await syntheticBytes(TINY_SHAPE, { type: 'Q4_0', seed: 1 }));
  await page.getByTestId('bench-file').setInputFiles({ name: 'own.gguf', mimeType: '', buffer: model });
  await page.getByTestId('bench-start').click();
  await page.getByTestId('bench-stop').click();
  await expect(page.getByTestId('bench-start')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByTestId('bench-problem')).toHaveCount(0);
});

test('speaks the language of the chat, also of what goes wrong', async ({ page, app }) => {
  await page.addInitScript(() => {
    localStorage.setItem('linnet.language.v1', JSON.stringify('zh'));
  });
  await page.goto(`${app.url}bench.html`);
  await expect(page.getByTestId('bench-start')).toHaveText('开始测量');
  await expect(page).toHaveTitle('Linnet: 性能测试');
  expect(await page.locator('html').getAttribute('lang')).toBe('zh');
  const junk = { name: 'junk.gguf', mimeType: '', buffer: Buffer.from('this is no model at all') };
  await page.getByTestId('bench-file').setInputFiles(junk);
  await page.getByTestId('bench-start').click();
  await expect(page.getByTestId('bench-problem')).toContainText('这不是 GGUF 文件');
});
