/**
 * `npm run screenshots`: pictures of the built page at phone and desktop size, light and dark, into docs/screenshots.
 * The first page always; with `--model FILE.gguf` also a conversation with that model. Options: `--prompt TEXT`, `--tokens N`, `--out DIR`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright';
import { takeScreenshots } from '../e2e/screenshots.ts';
import { CHROMIUM_FLAGS, ensureChromium } from './browser/find.mjs';
import { buildOutput, isStale } from './build.mjs';
import { serve } from './serve.mjs';

const ROOT = resolve(import.meta.dirname, '..');
/** A software GPU takes its time. */
const ANSWER_TIMEOUT_MS = 300_000;

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    prompt: { type: 'string', default: 'Once upon a time' },
    tokens: { type: 'string', default: '110' },
    out: { type: 'string', default: join(ROOT, 'docs/screenshots') },
  },
});

if (isStale('app')) await buildOutput('app');
const app = await serve({ root: join(ROOT, 'dist/app') });
const profile = mkdtempSync(join(tmpdir(), 'linnet-screenshots-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: ensureChromium(),
  args: [...CHROMIUM_FLAGS],
});
try {
  const page = browser.pages()[0] ?? (await browser.newPage());
  await page.goto(app.url, { waitUntil: 'networkidle' });
  print(await takeScreenshots(page, values.out, 'welcome'));
  if (values.model !== undefined) {
    await converse(page, resolve(values.model));
    print(await takeScreenshots(page, values.out, 'chat'));
  }
} finally {
  await browser.close();
  await app.close();
  rmSync(profile, { recursive: true, force: true });
}

/** Loads the model by its address and waits for one whole answer. */
async function converse(page: Page, model: string): Promise<void> {
  const files = await serve({ root: dirname(model), headers: { 'Access-Control-Allow-Origin': '*' } });
  try {
    await page.goto(`${app.url}?model=${encodeURIComponent(`${files.url}${basename(model)}`)}`);
    await page.getByTestId('consent-accept').click();
    await page.getByTestId('composer').waitFor({ timeout: ANSWER_TIMEOUT_MS });
    await page.getByTestId('settings-button').click();
    await page.getByTestId('settings-max-tokens').fill(values.tokens);
    await page.getByTestId('settings-close').click();
    await page.getByTestId('composer').fill(values.prompt);
    await page.getByTestId('send-button').click();
    await page.getByTestId('regenerate-button').waitFor({ timeout: ANSWER_TIMEOUT_MS });
  } finally {
    await files.close();
  }
}

function print(paths: readonly string[]): void {
  for (const path of paths) console.log(path);
}
