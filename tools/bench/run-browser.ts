/** Opens the built bench page in Chromium on a software adapter, has it measure one model, and returns what it says. */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { once } from 'node:events';
import { chromium, type Page } from 'playwright';
import type { BenchResult } from '../../src/ui/bench/result.ts';
import { makeChromiumWithLavapipe } from '../browser/chromium-lavapipe.mjs';
import { CHROMIUM_FLAGS, ensureChromium } from '../browser/find.mjs';
import { buildOutput, isStale } from '../build.mjs';
import { MODEL_SHAPES } from '../fixtures/model-shapes.ts';
import { syntheticModel } from '../fixtures/synthetic-model.ts';
import { serve } from '../serve.mjs';
import type { BenchModel } from './arguments.ts';
import type { BrowserAdapter, BrowserBenchOptions } from './browser-arguments.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PIECE_BYTES = 8 * 2 ** 20;

/** @throws Error with the page's own words when it could not measure */
export async function runBrowserBench(options: BrowserBenchOptions): Promise<BenchResult> {
  if (isStale('app')) await buildOutput('app');
  const folder = mkdtempSync(join(tmpdir(), 'linnet-bench-'));
  try {
    const file = await modelFile(options.model, folder);
    return await withServers(dirname(file), async (app, models) => {
      const query = new URLSearchParams({
        model: `${models}${encodeURIComponent(basename(file))}`,
        ...Object.fromEntries(Object.entries(options.settings).map(([name, value]) => [name, String(value)])),
      });
      return withPage(options.adapter, folder, (page) => measure(page, `${app}bench.html?${query}`, options.timeoutMs));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measure(page: Page, url: string, timeoutMs: number): Promise<BenchResult> {
  await page.goto(url);
  await page.getByTestId('bench-start').click();
  const json = page.getByTestId('bench-json');
  const problem = page.getByTestId('bench-problem');
  await json.or(problem).waitFor({ timeout: timeoutMs });
  if ((await problem.count()) > 0) throw new Error(await problem.innerText());
  return parseResult(await json.innerText());
}

/** The named guard: what this project's own page wrote a moment ago. */
function parseResult(text: string): BenchResult {
  const result: unknown = JSON.parse(text);
  if (typeof result !== 'object' || result === null || !('format' in result) || result.format !== 1) {
    throw new Error('the page speaks another format; build it again (npm run build)');
  }
  return result as BenchResult;
}

/** A file as it is, or one written of random weights. */
async function modelFile(model: BenchModel, folder: string): Promise<string> {
  if (model.kind === 'file') return resolve(model.path);
  const source = syntheticModel({ ...MODEL_SHAPES[model.name], numLayers: model.numLayers }, { type: model.type });
  const path = join(folder, `${model.name}-${String(model.numLayers)}-${model.type}.gguf`);
  const out = createWriteStream(path);
  for (let at = 0; at < source.sizeBytes; at += PIECE_BYTES) {
    const piece = await source.read(at, Math.min(PIECE_BYTES, source.sizeBytes - at));
    if (!out.write(piece)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return path;
}

/** The app and, from another origin as in life, the model. */
async function withServers<T>(models: string, use: (app: string, models: string) => Promise<T>): Promise<T> {
  const app = await serve({ root: join(ROOT, 'dist/app') });
  try {
    const files = await serve({ root: models, headers: { 'Access-Control-Allow-Origin': '*' } });
    try {
      return await use(app.url, files.url);
    } finally {
      await files.close();
    }
  } finally {
    await app.close();
  }
}

async function withPage<T>(adapter: BrowserAdapter, folder: string, use: (page: Page) => Promise<T>): Promise<T> {
  const { executablePath, env } = browserFor(adapter, join(folder, 'chromium'));
  const browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath,
    args: [...CHROMIUM_FLAGS],
    env: { ...process.env, ...env },
  });
  try {
    return await use(browser.pages()[0] ?? (await browser.newPage()));
  } finally {
    await browser.close();
  }
}

function browserFor(adapter: BrowserAdapter, folder: string): { executablePath: string; env: Record<string, string> } {
  if (adapter === 'swiftshader') return { executablePath: ensureChromium(), env: {} };
  ensureChromium();
  const made = makeChromiumWithLavapipe(folder);
  if (made.binary === undefined) throw new Error(`no lavapipe in Chromium: ${made.reason}`);
  return { executablePath: made.binary, env: made.env };
}
