/** The policy that docs/hosting.md gives for the page itself: with it sent as a header, a visitor is answered and nothing is refused. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { APP_FOLDER, expect, test } from './harness.ts';
import { ask, LOAD } from './visitor.ts';

test('answers under the documented policy of the page', async ({ page, serveFolder }) => {
  const text = readFileSync(join(resolve(import.meta.dirname, '..'), 'docs/hosting.md'), 'utf8');
  const policy = /<!-- example: app-policy -->\n+```\n(.*?)\n```/s.exec(text)?.[1] ?? '';
  expect(policy).toContain('connect-src');
  const refusals: string[] = [];
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refusals.push(message.text());
  });
  const app = await serveFolder({ root: APP_FOLDER, headers: { 'Content-Security-Policy': policy } });
  await page.goto(app.url);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  expect(await ask(page, 'Who are you?')).not.toBe('');
  await page.getByTestId('settings-button').click();
  await page.getByTestId('device-panel-button').click();
  await expect(page.getByTestId('plot').first()).toBeVisible();
  expect(refusals).toEqual([]);
});
