/** Conversations outlive the page: kept, found, renamed, deleted, exported, imported; and versions of what was said. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright/test';
import { expect, test } from './harness.ts';
import { ask, lastAnswer, LOAD, setSettings } from './visitor.ts';

async function begin(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  await setSettings(page, { 'max-tokens': '8' });
}

async function openHistory(page: Page): Promise<void> {
  await page.getByTestId('chats-button').click();
  await expect(page.getByTestId('history')).toBeVisible();
}

test('what was said is there after a reload, is searched, renamed, exported, deleted and imported', async ({
  page,
  app,
}) => {
  test.setTimeout(240_000);
  await begin(page, app.url);
  const first = await ask(page, 'Who are you?');
  await page.getByTestId('new-chat').click();
  await ask(page, 'Repeat: lantern');

  await page.reload();
  // The address names the conversation that was on the screen.
  await expect(page.getByTestId('message-user')).toHaveText('Repeat: lantern', LOAD);
  await openHistory(page);
  await expect(page.getByTestId('history-item')).toHaveCount(2);
  await page.getByTestId('history-search').fill('who ARE');
  await expect(page.getByTestId('history-item')).toHaveCount(1);
  await page.getByTestId('history-rename').click();
  await page.getByTestId('history-title').fill('About itself');
  await page.getByTestId('history-title-save').click();
  await page.getByTestId('history-search').fill('');
  await page.getByTestId('history-open').filter({ hasText: 'About itself' }).click();
  await expect(page.getByTestId('message-user')).toHaveText('Who are you?');
  expect(await lastAnswer(page)).toBe(first);
  // It goes on where it stopped.
  await ask(page, 'What can you do?');
  await expect(page.getByTestId('message-user')).toHaveCount(2);

  await openHistory(page);
  const download = page.waitForEvent('download');
  await page.getByTestId('history-export').click();
  const path = await (await download).path();
  expect(readFileSync(path, 'utf8')).toContain('About itself');
  const markdown = page.waitForEvent('download');
  await page.getByTestId('history-export-one').first().click();
  expect((await markdown).suggestedFilename()).toBe('About itself.md');

  for (const remaining of [1, 0]) {
    await page.getByTestId('history-delete').first().click();
    await page.getByTestId('history-delete-confirm').click();
    await expect(page.getByTestId('history-item')).toHaveCount(remaining);
  }
  await page.getByTestId('history-import').setInputFiles(path);
  await expect(page.getByTestId('history-item')).toHaveCount(2);
  await page.getByTestId('history-close').click();
  await page.reload();
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  await openHistory(page);
  await expect(page.getByTestId('history-item')).toHaveCount(2);
});

test('an edited question and a repeated answer keep what was there before', async ({ page, app }) => {
  test.setTimeout(240_000);
  await begin(page, app.url);
  await setSettings(page, { temperature: '1.5', seed: '1' });
  const first = await ask(page, 'Write a little story with a fox, a forest and a lantern.');
  await setSettings(page, { seed: '2' });
  await page.getByTestId('regenerate-button').click();
  const second = await lastAnswer(page);
  expect(second).not.toBe(first);
  await expect(page.getByTestId('versions')).toContainText('2/2');
  await page.getByTestId('version-before').click();
  expect(await lastAnswer(page)).toBe(first);

  await page.getByTestId('edit-button').click();
  await page.getByTestId('edit-input').fill('Who are you?');
  await page.getByTestId('edit-save').click();
  await lastAnswer(page);
  await expect(page.getByTestId('versions')).toHaveCount(1);
  await page.getByTestId('version-before').click();
  expect(await lastAnswer(page)).toBe(first);
  await expect(page.getByTestId('versions')).toHaveCount(2);
});
