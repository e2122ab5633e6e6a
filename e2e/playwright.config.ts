/** How the end-to-end tests run: one at a time (they share two cores with a GPU made of software), in the machine's Chromium. */
import { defineConfig } from 'playwright/test';

export default defineConfig({
  testDir: import.meta.dirname,
  testMatch: '**/*.e2e.ts',
  outputDir: '../test-results/e2e',
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env['CI'] !== undefined,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  // A name that is not there is a matter of seconds; what takes longer says so where it is waited for.
  use: { actionTimeout: 30_000 },
  reporter: [['list'], ['../tools/playwright-reporter.mjs']],
});
