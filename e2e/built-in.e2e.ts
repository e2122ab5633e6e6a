/**
 * A newcomer: opens the page and is answered by the model that comes with it, with no question asked and no network but
 * the page's own host. What it answers here is a sample of its skills; `npm run eval:built-in` measures them.
 */
import type { BrowserContext, Page } from 'playwright/test';
import { expect, test } from './harness.ts';
import { ask, LOAD } from './visitor.ts';

const FIRST_TOKEN_COLD_MS = 20_000;
const FIRST_TOKEN_WARM_MS = 5_000;

/** Everything that leaves for another host is refused and noted, as without a network. */
async function cutNetwork(context: BrowserContext, url: string): Promise<readonly string[]> {
  const refused: string[] = [];
  await context.route(
    (target) => !target.href.startsWith(url),
    (route) => {
      refused.push(route.request().url());
      return route.abort('internetdisconnected');
    },
  );
  return refused;
}

/** From the address to the first visible token, in milliseconds. */
async function timeToFirstToken(page: Page, url: string): Promise<number> {
  const startMs = Date.now();
  await page.goto(url);
  await page.getByTestId('composer').fill('What is WebGPU?', LOAD);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('answer-text')).toHaveText(/\S/, LOAD);
  return Date.now() - startMs;
}

test('chats at once, offline: a fact, a recall, an extraction, a story', async ({ profile, app }) => {
  test.setTimeout(240_000);
  const context = await profile.open();
  const refused = await cutNetwork(context, app.url);
  const page = context.pages()[0] ?? (await context.newPage());
  const coldMs = await timeToFirstToken(page, app.url);
  console.log(`first token after ${String(coldMs)} ms, cold`);
  expect(coldMs).toBeLessThan(FIRST_TOKEN_COLD_MS);
  await expect(page.getByTestId('message-assistant').last()).toHaveAttribute('data-status', 'done', LOAD);

  await test.step('a fact', async () => {
    await expect(page.getByTestId('answer-text').last()).toHaveText(/web standard/i);
  });
  await test.step('a recall', async () => {
    await page.getByTestId('new-chat').click();
    const text = 'The code of Ben is 4821. The code of Cora is 1377. What is the code of Cora?';
    expect(await ask(page, text)).toMatch(/1377/);
  });
  await test.step('an extraction', async () => {
    await page.getByTestId('new-chat').click();
    const answer = await ask(page, 'Make an object with name, age and city. The text: Mira is 34 and lives in Lisbon.');
    expect(JSON.parse(answer)).toEqual({ name: 'Mira', age: 34, city: 'Lisbon' });
  });
  await test.step('a story', async () => {
    await page.getByTestId('new-chat').click();
    const story = await ask(page, 'Write a little story with a fox, a forest and a lantern.');
    for (const word of ['fox', 'forest', 'lantern']) expect(story.toLowerCase()).toContain(word);
  });
  expect(refused).toEqual([]);
});

test('is there sooner the second time', async ({ profile, app }) => {
  const visit = async (): Promise<number> => {
    const context = await profile.open();
    return timeToFirstToken(context.pages()[0] ?? (await context.newPage()), app.url);
  };
  await visit();
  const warmMs = await visit();
  console.log(`first token after ${String(warmMs)} ms, warm`);
  expect(warmMs).toBeLessThan(FIRST_TOKEN_WARM_MS);
});
