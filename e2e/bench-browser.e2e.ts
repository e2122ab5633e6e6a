/** `npm run bench:browser`, small: a shape's random weights, measured by the page in the Chromium that has lavapipe. */
import { spawnSync } from 'node:child_process';
import { formatBrowserReport } from '../tools/bench/browser-report.ts';
import { readBrowserArguments } from '../tools/bench/browser-arguments.ts';
import { runBrowserBench } from '../tools/bench/run-browser.ts';
import { findLavapipe } from '../tools/browser/lavapipe.mjs';
import { expect, test } from './harness.ts';

const skipReason = findLavapipe().reason ?? (spawnSync('cc', ['--version']).status === 0 ? '' : 'no C compiler');

test(`bench:browser on lavapipe${skipReason === '' ? '' : ` (skipped: ${skipReason})`}`, async () => {
  test.skip(skipReason !== '', skipReason);
  test.setTimeout(300_000);
  const argv =
    '--shape stories260k --layers 1 --type F16 --kv-fill 64 --prompt 20 --generate 4 --repeat 1 --adapter lavapipe --minutes 4';
  const options = readBrowserArguments(argv.split(' '));
  const result = await runBrowserBench(options);
  // SwiftShader, in whose place it is, has neither half precision nor so small a limit.
  expect(result.device.features).toContain('shader-f16');
  expect(result.device.limits.maxStorageBufferBindingBytes).toBe(128 * 2 ** 20);
  expect(result.settings).toEqual(options.settings);
  expect(result.decodeTokensPerSecond.min).toBeGreaterThan(0);
  // 64 tokens of context are read with each token, and what was prefilled is what came after them.
  expect(result.perToken.kvBytesRead).toBeGreaterThan(0);
  expect(formatBrowserReport('x', options.adapter, result)).toMatch(/share of the limit +decode [\d.]+ %/);
});
