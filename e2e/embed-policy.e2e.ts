/** What a page's Content-Security-Policy does to the chat: the documented minimum is enough, and with less it says what is missing. */
import type { Page } from 'playwright/test';
import type { Served } from './harness.ts';
import { documentedExample, expect, test, toldEvents } from './site.ts';
import { ask, LOAD } from './visitor.ts';

const BODY = documentedExample('plain');
const MINIMUM = documentedExample('policy');
/** Nothing else is allowed. */
const STRICT = `default-src 'none'; img-src data:; ${MINIMUM}`;

async function expectBlocked(page: Page, directive: string): Promise<void> {
  await page.getByTestId('embed-start').click();
  await expect(page.getByTestId('embed-hint')).toContainText(directive, LOAD);
  expect(await toldEvents(page)).toEqual([
    {
      type: 'linnet-error',
      detail: { name: 'BlockedByPolicy', message: expect.stringContaining(directive) as unknown },
    },
  ]);
}

/** What the browser says of refusals; the console is where it says it. */
function recordRefusals(page: Page): readonly string[] {
  const refusals: string[] = [];
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refusals.push(message.text());
  });
  return refusals;
}

test('the documented minimum is enough, and nothing in it is refused', async ({ page, openSite }) => {
  const refusals = recordRefusals(page);
  await openSite({ body: BODY, policy: STRICT });
  await page.getByTestId('embed-start').click();
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  await expect(page.locator('linnet-app')).toHaveCSS('display', 'flex');
  expect(await ask(page, 'What is WebGPU?')).not.toBe('');
  await expect(page.getByTestId('context-meter').locator('i')).toHaveCSS('width', /[1-9]/);
  expect(refusals).toEqual([]);
});

test('without blob workers it says so', async ({ page, openSite }) => {
  await openSite({ body: BODY, policy: STRICT.replace('worker-src blob:', '') });
  await expectBlocked(page, 'worker-src blob:');
});

test('without its own host in connect-src it says so', async ({ page, openSite }) => {
  const { scriptOrigin } = await openSite({ body: BODY, policy: STRICT.replace(/connect-src [^;]+/, '') });
  await expectBlocked(page, `connect-src ${scriptOrigin}`);
});

test('where only the one script is allowed it says so', async ({ page, openSite }) => {
  const policy = STRICT.replace(/script-src [^;]+/, 'script-src https://chat.example/embed.js');
  const { scriptOrigin } = await openSite({ body: BODY, policy });
  await expectBlocked(page, `script-src ${scriptOrigin}`);
});

test('a model on a host that is not allowed is named, and works once it is', async ({
  page,
  openSite,
  serveFolder,
}) => {
  const models = await serveFolder({
    root: 'dist/embed/models',
    headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Content-Range, ETag' },
  });
  const origin = originOf(models);
  const body = BODY.replace('built-in', `${models.url}linnet-draft-q4_0.gguf`);
  await openSite({ body, policy: STRICT });
  await page.getByTestId('embed-start').click();
  const panel = page.getByTestId('error-panel');
  await expect(panel).toHaveAttribute('data-error', 'BlockedByPolicy', LOAD);
  await expect(panel).toContainText(`connect-src ${origin}`);
  expect(await toldEvents(page)).toMatchObject([{ type: 'linnet-error', detail: { name: 'BlockedByPolicy' } }]);
  expect(models.requests).toEqual([]);

  await openSite({ body, policy: STRICT.replace('connect-src', `connect-src ${origin}`) });
  await page.getByTestId('embed-start').click();
  await page.getByTestId('consent-accept').click(LOAD);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
});

test('where the script itself is not allowed, the page shows what stands in the element', async ({
  page,
  openSite,
}) => {
  const body = BODY.replace('></linnet-chat>', '>The chat needs a script.</linnet-chat>');
  await openSite({ body, policy: "script-src 'none'" });
  await expect(page.locator('linnet-chat')).toHaveText('The chat needs a script.');
  await expect(page.getByTestId('embed-start')).toHaveCount(0);
});

function originOf(server: Served): string {
  return new URL(server.url).origin;
}
