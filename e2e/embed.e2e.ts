/**
 * The chat in somebody else's page, from another origin: what docs/embed.md promises, tried with its own examples. What a policy
 * does to it is in embed-policy.e2e.ts.
 */
import { documentedExample, expect, test, toldEvents } from './site.ts';
import { ask, LOAD } from './visitor.ts';

test('answers in a plain page, after a click and not before, in the place that the page gives it', async ({
  page,
  openSite,
}) => {
  const { script } = await openSite({
    body: `${documentedExample('plain')}<p style="height:2000px">More of the page.</p>`,
  });
  await expect(page.getByTestId('embed-start')).toBeVisible();
  await expect(page.getByTestId('embed-hint')).toContainText('2 MB');
  // Nothing but the script itself before somebody asks.
  expect(script.requests.map(({ path }) => path)).toEqual(['/embed.js']);

  const worker = page.waitForEvent('worker', (started) => started.url().startsWith('blob:'));
  await page.getByTestId('embed-start').click();
  await worker;
  await expect(page.getByTestId('composer')).toBeFocused(LOAD);
  // The button says how much that is; script and app travel compressed.
  const bodies = script.requests.filter(({ path }) => path.endsWith('.gguf')).map(({ bodyBytes }) => bodyBytes);
  expect(bodies.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(1_700_000);

  const box = await page.locator('linnet-chat').boundingBox();
  expect(box?.height).toBe(36 * 16);
  expect((await page.locator('linnet-app').boundingBox())?.height).toBe(box?.height);
  expect(await page.evaluate(() => document.documentElement.dataset['linnetTheme'])).toBeUndefined();

  const answer = await ask(page, 'What is WebGPU?');
  expect(await toldEvents(page)).toEqual([
    { type: 'linnet-ready', detail: { model: 'linnet-mini' } },
    { type: 'linnet-message', detail: { role: 'user', text: 'What is WebGPU?' } },
    {
      type: 'linnet-message',
      detail: { role: 'assistant', text: expect.any(String) as unknown, finishReason: 'stop' },
    },
  ]);
  expect(answer).not.toBe('');

  // It ends with the element, and an element that is only moved goes on.
  await page.evaluate(() => {
    const chat = document.querySelector('linnet-chat');
    if (chat !== null) document.body.append(chat);
  });
  await expect(page.getByTestId('message-assistant')).toHaveCount(1);
  await page.locator('linnet-chat').evaluate((chat) => {
    chat.remove();
  });
  await expect.poll(() => page.workers().length).toBe(0);
});

test('asks for the model of the page before it downloads it, and not again once it is kept', async ({
  page,
  openSite,
  serveFolder,
}) => {
  const { script } = await openSite({ body: documentedExample('plain').replace('built-in', '/none.gguf') });
  // An address relative to the page; there is no such file.
  await page.getByTestId('embed-start').click();
  await expect(page.getByTestId('error-panel')).toHaveAttribute('data-error', 'HttpFailed', LOAD);
  expect(await toldEvents(page)).toMatchObject([{ type: 'linnet-error', detail: { name: 'HttpFailed' } }]);

  const models = await serveFolder({
    root: 'dist/embed/models',
    headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Content-Range, ETag' },
  });
  const model = `${models.url}linnet-draft-q4_0.gguf`;
  for (const isFirst of [true, false]) {
    await page.reload();
    await page.locator('linnet-chat').evaluate((chat, url) => {
      chat.setAttribute('model', url);
    }, model);
    await page.getByTestId('embed-start').click();
    if (isFirst) {
      await expect(page.getByTestId('consent-size')).toContainText('kB', LOAD);
      await page.getByTestId('consent-accept').click();
    }
    await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  }
  expect(script.requests.filter(({ path }) => path.endsWith('.gguf'))).toEqual([]);
});

test('says it at once when the model is no address', async ({ page, openSite }) => {
  const { script } = await openSite({ body: documentedExample('plain').replace('built-in', 'what is this') });
  await page.getByTestId('embed-start').click();
  await expect(page.getByTestId('embed-hint')).toContainText('what is this', LOAD);
  expect(await toldEvents(page)).toMatchObject([{ type: 'linnet-error', detail: { name: 'InvalidRequest' } }]);
  expect(script.requests.filter(({ path }) => path.endsWith('.gguf'))).toEqual([]);
});

test('knows what the page says, at each question, and takes words from a button of the page', async ({
  page,
  openSite,
}) => {
  await openSite({ body: documentedExample('context') });
  await page.locator('#help').click();
  await expect(page.getByTestId('composer')).toHaveValue('How long does the rice take?', LOAD);
  const context = 'The code of Ben is 4821. The code of Cora is 1377.';
  await page.locator('#recipe').evaluate((recipe, text) => {
    recipe.textContent = text;
  }, context);
  const answer = await ask(page, 'What is the code of Cora?');
  expect(answer).toMatch(/1377/);
});

test('floats above the page: keys stay in it, Escape leaves, the page around it lives', async ({ page, openSite }) => {
  const { script } = await openSite({
    body: `<button id="before">Before</button>${documentedExample('floating')}<button id="after">After</button>`,
  });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('embed-launcher')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('embed-panel')).toBeVisible();
  await expect(page.getByTestId('embed-start')).toBeFocused();
  expect(script.requests.map(({ path }) => path)).toEqual(['/embed.js']);
  // Two buttons: the Tab key goes round, both ways.
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('embed-close')).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByTestId('embed-start')).toBeFocused();

  await page.keyboard.press('Escape');
  await expect(page.getByTestId('embed-panel')).toBeHidden();
  await expect(page.getByTestId('embed-launcher')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('composer')).toBeFocused(LOAD);

  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press(presses < 10 ? 'Tab' : 'Shift+Tab');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('LINNET-CHAT');
  }
  // A dialog of the app takes Escape first.
  await page.getByTestId('settings-button').click();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('settings')).toBeHidden();
  await expect(page.getByTestId('embed-panel')).toBeVisible();

  await page.locator('#after').click();
  await expect(page.locator('#after')).toBeFocused();
  await page.getByTestId('embed-close').click();
  expect((await toldEvents(page)).map(({ type }) => type)).toEqual(
    ['open', 'close', 'open', 'ready', 'close'].map((name) => `linnet-${name}`),
  );
  await page.getByTestId('embed-launcher').click();
  await expect(page.getByTestId('composer')).toBeFocused();
  const panel = await page.getByTestId('embed-panel').boundingBox();
  expect(panel?.height).toBe(40 * 16);
  await page.setViewportSize({ width: 390, height: 700 });
  expect(await page.getByTestId('embed-panel').boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 700 });
});

test('takes the colours, the corners, the font and the height of the page', async ({ page, openSite }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await openSite({ body: documentedExample('theming') });
  await expect(page.getByTestId('embed-start')).toHaveCSS('text-transform', 'uppercase');
  await page.getByTestId('embed-start').click();
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  const app = page.locator('linnet-app');
  expect((await app.boundingBox())?.height).toBe(420);
  await expect(app).toHaveCSS('background-color', 'rgb(244, 248, 251)');
  await expect(app).toHaveCSS('font-family', 'Georgia, serif');
  // Light, though the system is dark: the element says so.
  await expect(app).toHaveCSS('color', 'rgb(36, 31, 27)');
  await expect(page.getByTestId('send-button')).toHaveCSS('background-color', 'rgb(11, 95, 165)');
  await ask(page, 'Who are you?');
  await expect(page.getByTestId('message-user')).toHaveCSS('border-top-style', 'dashed');
  await page.locator('linnet-chat').evaluate((chat) => {
    chat.setAttribute('theme', 'dark');
  });
  await expect(app).toHaveCSS('color', 'rgb(236, 230, 224)');
});
