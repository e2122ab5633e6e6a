/**
 * Three kinds of tests, by file name: `X.test.ts` in Node, `X.gpu.test.ts` in Node on Dawn (one process per file, since
 * drivers are chosen per process), `X.browser.ts` in a real Chromium. They run one kind after the other: they share the
 * machine's few cores. Servers that the browser tests talk to come up in globalSetup.
 */
import { playwright } from '@vitest/browser-playwright';
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_FLAGS, findChromium } from './tools/browser/find.mjs';

const TEST_SERVERS = 'tools/test-servers/global-setup.ts';
const chromium = findChromium();

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: ['**/*.gpu.test.ts'],
          environment: 'node',
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'gpu',
          include: ['src/**/*.gpu.test.ts', 'tools/**/*.gpu.test.ts'],
          environment: 'node',
          pool: 'forks',
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Prebundled at the start, so that no dependency found late reloads a page under test.
        optimizeDeps: {
          include: [
            '@huggingface/jinja',
            '@xenova/transformers',
            'comlink',
            'dompurify',
            'idb-keyval',
            'lit',
            'lit/directives/live.js',
            'lit/directives/repeat.js',
            'lit/directives/unsafe-html.js',
            'marked',
            'uplot',
          ],
        },
        test: {
          name: 'browser',
          include: ['src/**/*.browser.ts'],
          globalSetup: existsSync(TEST_SERVERS) ? [TEST_SERVERS] : [],
          testTimeout: 60_000,
          sequence: { groupOrder: 2 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                args: [...CHROMIUM_FLAGS],
                ...(chromium === undefined ? {} : { executablePath: chromium }),
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
