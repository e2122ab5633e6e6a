/**
 * Somebody else's site with the chat in it: pages made of the examples of docs/embed.md, word for word but for the host of the
 * script, served from an origin of their own, with a policy where a test wants one. It knows nothing of the app.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright/test';
import { test as base, expect, type Served } from './harness.ts';

const ROOT = resolve(import.meta.dirname, '..');
const DOCUMENTED_HOST = 'https://chat.example';

export interface Site extends Served {
  /** Where the script, the app and the models lie. */
  readonly script: Served;
  /** The origin of the script. */
  readonly scriptOrigin: string;
}

interface SiteOptions {
  readonly body: string;
  /** A Content-Security-Policy; the documented host in it becomes the script's. Default: none. */
  readonly policy?: string;
}

/** The code block behind `<!-- example: NAME -->`. */
export function documentedExample(name: string): string {
  const text = readFileSync(join(ROOT, 'docs/embed.md'), 'utf8');
  const code = new RegExp(`<!-- example: ${name} -->\\n+\`\`\`\\w*\\n(.*?)\`\`\``, 's').exec(text)?.[1];
  if (code === undefined) throw new Error(`docs/embed.md has no example ${name}`);
  return code.trim();
}

export const test = base.extend<{ readonly openSite: (options: SiteOptions) => Promise<Site> }>({
  openSite: async ({ page, serveFolder }, use) => {
    const folders: string[] = [];
    await use(async ({ body, policy }) => {
      const script = await serveFolder({
        root: join(ROOT, 'dist/embed'),
        headers: { 'Access-Control-Allow-Origin': '*' },
      });
      const scriptOrigin = new URL(script.url).origin;
      const local = (text: string): string => text.replaceAll(DOCUMENTED_HOST, scriptOrigin);
      const folder = mkdtempSync(join(tmpdir(), 'linnet-site-'));
      folders.push(folder);
      writeFileSync(
        join(folder, 'index.html'),
        `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A site</title><link rel="icon" href="data:,">
         <meta name="viewport" content="width=device-width, initial-scale=1"></head><body>${local(body)}</body></html>`,
      );
      const headers = policy === undefined ? {} : { 'Content-Security-Policy': local(policy) };
      const site = await serveFolder({ root: folder, headers });
      await recordEvents(page);
      await page.goto(site.url);
      return { ...site, script, scriptOrigin };
    });
    for (const folder of folders) rmSync(folder, { recursive: true });
  },
});

export { expect };

/** What the element has told its page so far. */
export async function toldEvents(page: Page): Promise<readonly { readonly type: string; readonly detail: unknown }[]> {
  return page.evaluate(() => (globalThis as unknown as { told: { type: string; detail: unknown }[] }).told);
}

async function recordEvents(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told: { type: string; detail: unknown }[] = [];
    Object.assign(globalThis, { told });
    for (const name of ['ready', 'message', 'error', 'open', 'close']) {
      addEventListener(`linnet-${name}`, (event) => {
        if (event instanceof CustomEvent) told.push({ type: event.type, detail: event.detail as unknown });
      });
    }
  });
}
