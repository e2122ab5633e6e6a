/**
 * `npm test`: everything, on a bare Debian machine as on a laptop. Finds or installs the browser and (where it can)
 * lavapipe, builds what is stale, runs Vitest's projects and the end-to-end tests, and ends with the line
 * `N passed, N failed, N skipped`, each skip before it with its reason. Exit code 1 when anything failed.
 *
 * Options: `--only unit,gpu,browser,e2e` runs some of it; `--no-install` uses what is there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureChromium, findChromium } from './browser/find.mjs';
import { ensureLavapipe } from './browser/lavapipe.mjs';
import { buildOutput, isStale } from './build.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const RESULTS = join(ROOT, 'test-results');
const VITEST_PROJECTS = ['unit', 'gpu', 'browser'];
/** What the end-to-end tests open. */
const TESTED_OUTPUTS = /** @type {const} */ (['app', 'embed', 'package']);
const PARTS = [...VITEST_PROJECTS, 'e2e'];

/** @typedef {import('./vitest-reporter.mjs').Report} Report */

/**
 * Runs one suite in a process of its own, its output passing through.
 * @param {string} name
 * @param {string} module path below node_modules
 * @param {readonly string[]} args
 * @returns {Report}
 */
function runSuite(name, module, args) {
  const file = join(RESULTS, `${name}.json`);
  rmSync(file, { force: true });
  const run = spawnSync(process.execPath, [join(ROOT, 'node_modules', module), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, LINNET_REPORT: file },
  });
  if (!existsSync(file)) return { numPassed: 0, failed: [`${name}: ended without a report`], skipped: [] };
  /** @type {unknown} */
  const raw = JSON.parse(readFileSync(file, 'utf8'));
  const report = /** @type {Report} */ (raw);
  if (run.status !== 0 && report.failed.length === 0) report.failed.push(`${name}: exit code ${run.status ?? 'none'}`);
  return report;
}

/** @param {readonly string[]} projects @returns {Report} */
function runVitest(projects) {
  const reporters = ['--reporter=dot', `--reporter=${join(ROOT, 'tools/vitest-reporter.mjs')}`];
  return runSuite('vitest', 'vitest/vitest.mjs', [
    'run',
    '--passWithNoTests',
    ...reporters,
    ...projects.map((project) => `--project=${project}`),
  ]);
}

/** @returns {Promise<Report>} */
async function runEndToEnd() {
  try {
    for (const output of TESTED_OUTPUTS) if (isStale(output)) await buildOutput(output);
  } catch (error) {
    return { numPassed: 0, failed: [`e2e: not built: ${String(error)}`], skipped: [] };
  }
  return runSuite('e2e', 'playwright/cli.js', ['test', '--config', 'e2e/playwright.config.ts']);
}

/** @param {boolean} mayInstall */
function prepareMachine(mayInstall) {
  const chromium = mayInstall ? ensureChromium() : findChromium();
  console.log(`browser   ${chromium ?? 'none found'}`);
  if (!mayInstall) return;
  const lavapipe = ensureLavapipe();
  console.log(`lavapipe  ${lavapipe.icd ?? `absent: ${lavapipe.reason}`}`);
}

/** @param {readonly Report[]} reports @returns {boolean} whether nothing failed and something passed */
function summarise(reports) {
  const failed = reports.flatMap((report) => report.failed);
  const skipped = reports.flatMap((report) => report.skipped);
  const numPassed = reports.reduce((sum, report) => sum + report.numPassed, 0);
  let numSkipped = 0;
  for (const { name, reason = reasonInTitle(name) } of skipped) {
    if (reason === undefined) {
      failed.push(`${name}: skipped without a reason (say why: ctx.skip('why'), or '(skipped: why)' in the title)`);
      continue;
    }
    numSkipped += 1;
    console.log(`skipped: ${name}: ${reason}`);
  }
  for (const name of failed) console.log(`failed: ${name}`);
  console.log(`${numPassed} passed, ${failed.length} failed, ${numSkipped} skipped`);
  return failed.length === 0 && numPassed > 0;
}

/** @param {string} name of a test, with those of what it stands in @returns {string | undefined} */
function reasonInTitle(name) {
  return /\(skipped: (.+?)\)(?: ›| >|$)/.exec(name)?.[1];
}

const { values } = parseArgs({
  options: { only: { type: 'string', default: PARTS.join(',') }, 'no-install': { type: 'boolean', default: false } },
});
const wanted = values.only.split(',');
const unknown = wanted.filter((part) => !PARTS.includes(part));
if (unknown.length > 0) {
  console.error(`--only ${unknown.join(',')}: the parts are ${PARTS.join(', ')}`);
  process.exit(2);
}

mkdirSync(RESULTS, { recursive: true });
prepareMachine(!values['no-install']);
/** @type {Report[]} */
const reports = [];
const projects = VITEST_PROJECTS.filter((project) => wanted.includes(project));
if (projects.length > 0) reports.push(runVitest(projects));
if (wanted.includes('e2e')) reports.push(await runEndToEnd());
process.exitCode = summarise(reports) ? 0 : 1;
