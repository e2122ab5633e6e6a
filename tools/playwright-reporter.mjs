/**
 * A Playwright reporter that leaves what `test.mjs` merges, in the form of `vitest-reporter.mjs`.
 * Where it is written: LINNET_REPORT.
 */
import { writeFileSync } from 'node:fs';

export default class LinnetReporter {
  /** @type {import('playwright/types/testReporter').Suite | undefined} */
  #suite;
  /** @type {string[]} */
  #errors = [];

  /**
   * @param {import('playwright/types/testReporter').FullConfig} _config
   * @param {import('playwright/types/testReporter').Suite} suite
   */
  onBegin(_config, suite) {
    this.#suite = suite;
  }

  /** @param {import('playwright/types/testReporter').TestError} error of no test, e.g. a file that cannot be loaded */
  onError(error) {
    this.#errors.push(`e2e: ${error.message ?? String(error.value)}`);
  }

  onEnd() {
    /** @type {import('./vitest-reporter.mjs').Report} */
    const report = { numPassed: 0, failed: this.#errors, skipped: [] };
    for (const test of this.#suite?.allTests() ?? []) {
      const name = `e2e › ${test.titlePath().slice(2).join(' › ')}`;
      const outcome = test.outcome();
      if (outcome === 'expected') report.numPassed += 1;
      else if (outcome === 'skipped') report.skipped.push({ name, reason: reasonOf(test) });
      else report.failed.push(name);
    }
    writeFileSync(process.env['LINNET_REPORT'] ?? 'test-results/e2e.json', JSON.stringify(report));
  }

  printsToStdio() {
    return false;
  }
}

/** @param {import('playwright/types/testReporter').TestCase} test @returns {string | undefined} */
function reasonOf(test) {
  return test.annotations.find(({ type }) => type === 'skip' || type === 'fixme')?.description;
}
