/**
 * What a visitor does, step by step, and the small random model of the project's own that the tests talk to. It knows
 * the app's test ids and nothing of its insides.
 */
import type { Page } from 'playwright/test';
import { expect, type Served } from './harness.ts';

/** Waits for compilation on a CPU that stands in for a GPU. */
export const LOAD = { timeout: 120_000 };
const ANSWER = { timeout: 60_000 };

export async function setSettings(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  await page.getByTestId('settings-button').click();
  for (const [name, value] of Object.entries(values)) {
    await page.getByTestId(`settings-${name}`).fill(value);
    await page.getByTestId(`settings-${name}`).blur();
  }
  await page.getByTestId('settings-close').click();
}

export async function send(page: Page, text: string): Promise<void> {
  await page.getByTestId('composer').fill(text);
  await page.keyboard.press('Enter');
}

/** Waits for the last answer to be whole, and returns its text. */
export async function lastAnswer(page: Page): Promise<string> {
  const answer = page.getByTestId('message-assistant').last();
  await expect(answer).toHaveAttribute('data-status', 'done', ANSWER);
  return (await answer.getByTestId('answer-text').innerText()).trim();
}

export async function ask(page: Page, text: string): Promise<string> {
  await send(page, text);
  return lastAnswer(page);
}

/** From the chat with the model that came with the page to the list of models. */
export async function openModelList(page: Page): Promise<void> {
  await page.getByTestId('change-model').click(LOAD);
  await expect(page.getByTestId('model-url-input')).toBeVisible();
}

export async function loadFromUrl(page: Page, url: string): Promise<void> {
  await openModelList(page);
  await page.getByTestId('model-url-input').fill(url);
  await page.getByTestId('model-load-button').click();
  await page.getByTestId('consent-accept').click(LOAD);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
}

export function bodyBytes(server: Served, path: string): number {
  return server.requests
    .filter((request) => request.path === path)
    .reduce((sum, request) => sum + request.bodyBytes, 0);
}
