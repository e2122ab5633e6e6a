/**
 * The main job, as a visitor does it: give the page a model (a file, or an address), talk to it, come back later.
 * With a small random model of the project's own, and, where the reference corpus lies beside the checkout, with real
 * trained weights, whose greedy continuation is known from llama.cpp.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { TINY_SHAPE } from '../tools/fixtures/model-shapes.ts';
import { syntheticBytes } from '../tools/fixtures/synthetic-model.ts';
import { expect, test } from './harness.ts';
import { ask, bodyBytes, loadFromUrl, LOAD, openModelList, setSettings } from './visitor.ts';

const REFERENCE = resolve(process.env['LINNET_REFERENCE'] ?? resolve(import.meta.dirname, '../../shared/reference'));
const STORY_START = 'Once upon a time, there was';

test('a file is chosen, a question streams an answer, a second turn goes on', async ({ page, app }) => {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-model-'));
  const path = join(folder, 'own.gguf');
  writeFileSync(path, await syntheticBytes(TINY_SHAPE, { type: 'Q4_0', seed: 1 }));
  await page.goto(app.url);
  await openModelList(page);
  await page.getByTestId('file-input').setInputFiles(path);
  await page.getByTestId('consent-accept').click(LOAD);
  await expect(page.getByTestId('composer')).toBeVisible(LOAD);
  await setSettings(page, { temperature: '0', 'max-tokens': '12' });
  const first = await ask(page, 'Hello');
  expect(first).not.toBe('');
  await ask(page, 'And then?');
  await expect(page.getByTestId('message-assistant')).toHaveCount(2);
  await expect(page.getByTestId('stats')).toContainText(/\d/);
  rmSync(folder, { recursive: true });
});

for (const kind of ['f32', 'f16', 'q8_0', 'q4_0']) {
  const name = `stories260K-${kind}`;
  const path = join(REFERENCE, 'models', `${name}.gguf`);
  const skipReason = existsSync(path) ? '' : ' (skipped: the reference corpus is not beside this checkout)';

  test(`${name} from an address tells the story llama.cpp knows, and again after a reload without a weight byte${skipReason}`, async ({
    profile,
    app,
    serveFolder,
  }) => {
    test.skip(skipReason !== '', skipReason);
    test.setTimeout(300_000);
    const models = await serveFolder({
      root: join(REFERENCE, 'models'),
      headers: { 'Access-Control-Allow-Origin': '*' },
    });
    const golden = JSON.parse(readFileSync(join(REFERENCE, 'goldens', `${name}.json`), 'utf8')) as {
      prompts: { name: string; text: string; greedy: { text: string }; exact: { ownGreedy: { margin: number[] } } }[];
    };
    const prompt = golden.prompts.find(({ text }) => text === STORY_START);
    const continuation = prompt?.greedy.text.trim() ?? '';
    expect(continuation).not.toBe('');

    let page = (await profile.open()).pages()[0];
    if (page === undefined) throw new Error('the browser opened without a page');
    await page.goto(app.url);
    await loadFromUrl(page, `${models.url}${name}.gguf`);
    await setSettings(page, { temperature: '0', 'max-tokens': '40' });
    const story = await ask(page, STORY_START);
    // Forty greedy tokens: what llama.cpp writes in 48, but for the last words.
    expect(story.length).toBeGreaterThan(60);
    expect(normal(continuation).startsWith(normal(story).slice(0, 60))).toBe(true);

    const fetched = bodyBytes(models, `/${name}.gguf`);
    expect(fetched).toBeGreaterThan(0);
    page = (await profile.open()).pages()[0];
    if (page === undefined) throw new Error('the browser opened without a page');
    await page.goto(app.url);
    await expect(page.getByTestId('composer')).toBeVisible(LOAD);
    expect(await ask(page, STORY_START)).toBe(story);
    expect(bodyBytes(models, `/${name}.gguf`)).toBe(fetched);
  });
}

/** Markdown folds white space. */
function normal(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
