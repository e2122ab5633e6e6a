/**
 * What every end-to-end test starts from: the built app behind a static server, and a Chromium with a profile of its own
 * that can be closed and opened again (so that a test can come back to a cache). It knows nothing of the app's pages.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test as base, chromium, expect, type BrowserContext, type Page } from 'playwright/test';
import { CHROMIUM_FLAGS, ensureChromium } from '../tools/browser/find.mjs';
import { serve } from '../tools/serve.mjs';

const ROOT = resolve(import.meta.dirname, '..');
export const APP_FOLDER = join(ROOT, 'dist/app');

type ServeOptions = Parameters<typeof serve>[0];
export type ServedRequest = Parameters<NonNullable<ServeOptions['onRequest']>>[0];

export interface Served {
  /** Ends with a slash. */
  readonly url: string;
  /** Every answer since the start, in order. */
  readonly requests: ServedRequest[];
}

/** A browser profile on disk. Whatever its pages and workers ask another host than this machine for fails the test. */
export interface Profile {
  /** Opens the browser on this profile; the one that was open is closed first. */
  open(options?: Parameters<typeof chromium.launchPersistentContext>[1]): Promise<BrowserContext>;
  close(): Promise<void>;
}

interface Fixtures {
  /** Serves a folder until the test ends; of another origin than any other, since its port differs. */
  readonly serveFolder: (options: ServeOptions) => Promise<Served>;
  /** The built app. */
  readonly app: Served;
  readonly profile: Profile;
  /** A page of the profile, with nothing open in it. Uncaught errors of the page fail the test. */
  readonly page: Page;
}

export const test = base.extend<Fixtures>({
  // Playwright reads a fixture's needs from the pattern of its first argument.
  // eslint-disable-next-line no-empty-pattern
  serveFolder: async ({}, use) => {
    const closers: (() => Promise<void>)[] = [];
    await use(async (options) => {
      const requests: ServedRequest[] = [];
      const server = await serve({ ...options, onRequest: (request) => void requests.push(request) });
      closers.push(() => server.close());
      return { url: server.url, requests };
    });
    await Promise.all(closers.map((close) => close()));
  },

  app: async ({ serveFolder }, use) => {
    expect(existsSync(join(APP_FOLDER, 'index.html')), 'the app is built (npm run build)').toBe(true);
    await use(await serveFolder({ root: APP_FOLDER }));
  },

  // eslint-disable-next-line no-empty-pattern
  profile: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'linnet-profile-'));
    const foreign: string[] = [];
    let context: BrowserContext | undefined;
    const close = async (): Promise<void> => {
      await context?.close();
      context = undefined;
    };
    await use({
      async open(options = {}) {
        await close();
        context = await chromium.launchPersistentContext(folder, {
          executablePath: ensureChromium(),
          args: [...CHROMIUM_FLAGS],
          ...options,
        });
        context.on('request', (request) => {
          if (!isOwn(request.url())) foreign.push(request.url());
        });
        return context;
      },
      close,
    });
    await close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    expect(foreign, 'nothing but the servers of the test is spoken to').toEqual([]);
  },

  page: async ({ profile }, use) => {
    const errors: Error[] = [];
    const context = await profile.open();
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('pageerror', (error) => errors.push(error));
    await use(page);
    expect(errors, 'no uncaught error in the page').toEqual([]);
  },
});

/** Servers of tests are on this machine; the other schemes have no host. */
function isOwn(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return !/^https?:$/.test(protocol) || hostname === 'localhost' || hostname === '127.0.0.1';
}

export { expect } from 'playwright/test';
