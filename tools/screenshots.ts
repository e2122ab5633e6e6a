/**
 * `npm run screenshots`: pictures of the built page at phone and desktop size, light and dark, into docs/screenshots: the first
 * visit, the list of models, and a conversation, with the built-in model or with `--model FILE.gguf`.
 * Options: `--prompt TEXT` (several: one after the other), `--tokens N`, `--out DIR`.
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
    prompt: {
      type: 'string',
      multiple: true,
      default: ['What is WebGPU?', 'Write a little story with a fox, a forest and a lantern.'],
    },
    tokens: { type: 'string', default: '200' },
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
  await page.goto(app.url);
  await page.getByTestId('composer').waitFor({ timeout: ANSWER_TIMEOUT_MS });
  print(await takeScreenshots(page, values.out, 'first-visit'));
  await page.getByTestId('change-model').click();
  print(await takeScreenshots(page, values.out, 'models'));
  if (values.model === undefined) await page.getByTestId('back-to-chat').click();
  else await load(page, resolve(values.model));
  await converse(page);
  print(await takeScreenshots(page, values.out, 'chat'));
} finally {
  await browser.close();
  await app.close();
  rmSync(profile, { recursive: true, force: true });
}

async function load(page: Page, model: string): Promise<void> {
  const files = await serve({ root: dirname(model), headers: { 'Access-Control-Allow-Origin': '*' } });
  try {
    await page.goto(`${app.url}?model=${encodeURIComponent(`${files.url}${basename(model)}`)}`);
    await page.getByTestId('consent-accept').click();
    await page.getByTestId('composer').waitFor({ timeout: ANSWER_TIMEOUT_MS });
  } finally {
    await files.close();
  }
}

/** Asks every prompt and waits for the whole answers. */
async function converse(page: Page): Promise<void> {
  await page.getByTestId('settings-button').click();
  await page.getByTestId('settings-max-tokens').fill(values.tokens);
  await page.getByTestId('settings-close').click();
  for (const prompt of values.prompt) {
    await page.getByTestId('composer').fill(prompt);
    await page.getByTestId('send-button').click();
    await page.getByTestId('stop-button').waitFor({ state: 'visible' });
    await page.getByTestId('stop-button').waitFor({ state: 'detached', timeout: ANSWER_TIMEOUT_MS });
  }
}

function print(paths: readonly string[]): void {
  for (const path of paths) console.log(path);
}
