/** axe-core over every place of the app and of the embed, on a phone and a desktop, light and dark: no serious problem. */
import type { Page } from 'playwright/test';
import { seriousProblems } from './axe.ts';
import { documentedExample, expect, test } from './site.ts';
import { ask, LOAD } from './visitor.ts';

/** Looks at a place and leaves it by its close button, if it has one. */
async function look(page: Page, place: string, close?: string): Promise<readonly string[]> {
  const problems = await seriousProblems(page, place);
  if (close !== undefined) await page.getByTestId(close).click();
  return problems;
}

test('the app has no serious problem anywhere', async ({ page, app }) => {
  test.setTimeout(300_000);
  const problems: string[] = [];
  await page.goto(app.url);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  problems.push(...(await look(page, 'first visit')));
  await ask(page, 'What is WebGPU?');
  problems.push(...(await look(page, 'chat')));
  await page.getByTestId('edit-button').click();
  problems.push(...(await look(page, 'a question that is edited')));
  await page.keyboard.press('Escape');
  await page.getByTestId('settings-button').click();
  problems.push(...(await look(page, 'settings')));
  await page.getByTestId('device-panel-button').click();
  problems.push(...(await look(page, 'device panel', 'device-panel-close')));
  await page.getByTestId('chats-button').click();
  problems.push(...(await look(page, 'conversations', 'history-close')));
  await page.getByTestId('change-model').click();
  problems.push(...(await look(page, 'list of models')));
  await page.getByTestId('model-url-input').fill('not a model');
  await page.getByTestId('model-load-button').click();
  problems.push(...(await look(page, 'an address that is none')));
  await page.getByTestId('model-url-input').fill('/models/linnet-draft-q4_0.gguf');
  await page.getByTestId('model-load-button').click();
  await expect(page.getByTestId('consent')).toBeVisible(LOAD);
  problems.push(...(await look(page, 'consent', 'consent-cancel')));
  await page.getByTestId('model-url-input').fill('/models/none.gguf');
  await page.getByTestId('model-load-button').click();
  await expect(page.getByTestId('error-panel')).toBeVisible(LOAD);
  problems.push(...(await look(page, 'a model that is missing')));
  expect(problems).toEqual([]);
});

test('the embed has no serious problem before, during and after', async ({ page, openSite }) => {
  test.setTimeout(240_000);
  const problems: string[] = [];
  const main = (body: string): string => `<main><h1>A site</h1>${body}</main>`;
  await openSite({ body: main(documentedExample('plain')) });
  problems.push(...(await look(page, 'embed, offered')));
  await page.getByTestId('embed-start').click();
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  await ask(page, 'What is WebGPU?');
  problems.push(...(await look(page, 'embed, chat')));
  await openSite({ body: main(documentedExample('floating')) });
  problems.push(...(await look(page, 'floating, closed')));
  await page.getByTestId('embed-launcher').click();
  problems.push(...(await look(page, 'floating, offered')));
  await page.getByTestId('embed-start').click();
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  problems.push(...(await look(page, 'floating, chat')));
  expect(problems).toEqual([]);

  // It looks into the shadow roots: a button without a name in one of them is found.
  await page.locator('linnet-header').evaluate((header) => {
    header.shadowRoot?.append(document.createElement('button'));
  });
  expect((await look(page, 'planted')).join()).toContain('button-name');
});
