/**
 * A session with everything that can happen in one, in one page with the real worker: stopping, asking again, editing,
 * an engine that dies, files that are no models. And who is spoken to meanwhile: nobody but the host of the model.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import { GgufWriter } from '../tools/fixtures/gguf-writer.ts';
import { TINY_SHAPE } from '../tools/fixtures/model-shapes.ts';
import { syntheticBytes } from '../tools/fixtures/synthetic-model.ts';
import { expect, test } from './harness.ts';
import { ask, bodyBytes, lastAnswer, loadFromUrl, LOAD, send, setSettings } from './visitor.ts';

const MODEL = 'own.gguf';
const OPENED_AGAIN = 'dropped.gguf';

test('everything that happens in a session', async ({ page, app, serveFolder }) => {
  test.setTimeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), 'linnet-model-'));
  const bytes = await syntheticBytes(TINY_SHAPE, { type: 'Q4_0', seed: 1 });
  writeFileSync(join(folder, MODEL), bytes);
  const models = await serveFolder({ root: folder, headers: { 'Access-Control-Allow-Origin': '*' } });
  const origins = recordOrigins(page);
  await page.goto(app.url);
  await loadFromUrl(page, models.url + MODEL);
  const answers = page.getByTestId('message-assistant');

  await setSettings(page, { temperature: '0', 'max-tokens': '8' });
  await ask(page, 'Go on and on');

  await test.step('a regenerated answer takes the place of the last one', async () => {
    await expect(page.getByTestId('stats')).toContainText('8 tokens');
    await setSettings(page, { 'max-tokens': '16' });
    await page.getByTestId('regenerate-button').click();
    await expect(page.getByTestId('stats')).toContainText('16 tokens', LOAD);
    await expect(answers).toHaveCount(1);
  });

  await test.step('an edited question takes away what followed it', async () => {
    await ask(page, 'And then?');
    await expect(answers).toHaveCount(2);
    await page.getByTestId('edit-button').first().click();
    await page.getByTestId('edit-input').fill('Something else');
    await page.getByTestId('edit-save').click();
    await expect(answers).toHaveCount(1);
    await expect(page.getByTestId('message-user')).toHaveText(/^\s*Something else/);
    expect(await lastAnswer(page)).not.toBe('');
  });

  await test.step('a worker that dies is started again, without a download, and the conversation goes on', async () => {
    const fetched = bodyBytes(models, `/${MODEL}`);
    await page.workers()[0]?.evaluate(() => {
      setTimeout(() => {
        throw new Error('crashed by a test');
      });
    });
    await expect(page.getByTestId('error-panel')).toHaveAttribute('data-error', 'WorkerFailed');
    await page.getByTestId('retry-button').click();
    await expect(page.getByTestId('composer')).toBeVisible(LOAD);
    await expect(page.getByTestId('message-user')).toHaveText(/^\s*Something else/);
    await ask(page, 'Are you back?');
    await expect(answers).toHaveCount(2);
    expect(fetched).toBeGreaterThanOrEqual(bytes.length);
    expect(bodyBytes(models, `/${MODEL}`)).toBe(fetched);
  });

  await test.step('a file that is no model is named for what it is, and the loaded model stays', async () => {
    await page.getByTestId('change-model').click();
    for (const { name, file, error } of unusableFiles()) {
      await page.getByTestId('file-input').setInputFiles({ name, mimeType: '', buffer: file });
      await expect(page.getByTestId('error-panel')).toHaveAttribute('data-error', error);
      await expect(page.getByTestId('retry-button')).toHaveText(/Choose another model/);
      await page.getByTestId('retry-button').click();
      await expect(page.getByTestId('error-panel')).toHaveCount(0);
    }
    await page.getByTestId('back-to-chat').click();
    await ask(page, 'Are you still there?');
    await expect(answers).toHaveCount(3);
  });

  await test.step('an answer that is stopped keeps what was written, and the next question is answered', async () => {
    await page.getByTestId('new-chat').click();
    await setSettings(page, { 'max-tokens': '100000' });
    await send(page, 'Go on and on');
    await expect(page.getByTestId('answer-text')).toHaveText(/\S/, LOAD);
    await page.getByTestId('stop-button').click();
    const text = await lastAnswer(page);
    expect(text).not.toBe('');
    await expect(page.getByTestId('stats')).toContainText('Stopped');
    await setSettings(page, { 'max-tokens': '8' });
    await send(page, 'And then?');
    // What it says depends on where the first was stopped, and may be nothing.
    await expect(answers).toHaveCount(2);
    await expect(answers.last()).toHaveAttribute('data-status', 'done', LOAD);
    expect((await answers.first().getByTestId('answer-text').innerText()).trim()).toBe(text);
    await page.getByTestId('new-chat').click();
  });

  await test.step('a file that is dropped on the page is looked at, and loaded on yes', async () => {
    await dropFile(page, OPENED_AGAIN, bytes);
    await page.getByTestId('consent-accept').click(LOAD);
    await expect(page.getByTestId('composer')).toBeVisible(LOAD);
    expect(await ask(page, 'Hello')).not.toBe('');
  });

  expect(origins).toEqual(new Set([new URL(app.url).origin, new URL(models.url).origin]));
  rmSync(folder, { recursive: true });
});

/** The origins that page and worker speak to, from now on. */
function recordOrigins(page: Page): ReadonlySet<string> {
  const origins = new Set<string>();
  page.context().on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:') origins.add(origin);
  });
  return origins;
}

function unusableFiles(): readonly { readonly name: string; readonly file: Buffer; readonly error: string }[] {
  const other = new GgufWriter()
    .set('general.architecture', 'string', 'rwkv6')
    .tensor('token_embd.weight', 'F32', [32, 2], new Uint8Array(256))
    .finish();
  return [
    { name: 'notes.txt', file: Buffer.from('These are notes, and no model.\n'.repeat(40)), error: 'NotGguf' },
    { name: 'other.gguf', file: Buffer.from(other), error: 'UnsupportedArchitecture' },
  ];
}

/** As the browser does when somebody lets go of a file over the page. */
async function dropFile(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await page.evaluate(
    ([fileName, base64]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], fileName));
      const options = { bubbles: true, composed: true, cancelable: true, dataTransfer: transfer };
      for (const type of ['dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, options));
    },
    [name, Buffer.from(bytes).toString('base64')] as const,
  );
}
