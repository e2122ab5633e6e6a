/**
 * A Vitest reporter that leaves what `test.mjs` merges, and nothing else: counts, and the reason of every skip.
 * Where it is written: LINNET_REPORT.
 */
import { writeFileSync } from 'node:fs';

/**
 * @typedef {{ name: string, reason: string | undefined }} Skip
 *
 * @typedef {object} Report
 * @property {number} numPassed
 * @property {string[]} failed names
 * @property {Skip[]} skipped
 */

export default class LinnetReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Report} */
    const report = { numPassed: 0, failed: unhandledErrors.map(describe), skipped: [] };
    for (const module of modules) {
      // A file that cannot be loaded has no test to fail.
      if (module.state() === 'failed' && module.errors().length > 0) report.failed.push(module.moduleId);
      for (const test of module.children.allTests()) {
        const name = `${module.project.name} › ${test.fullName}`;
        const result = test.result();
        if (result.state === 'passed') report.numPassed += 1;
        else if (result.state === 'skipped') report.skipped.push({ name, reason: result.note });
        else report.failed.push(name);
      }
    }
    writeFileSync(process.env['LINNET_REPORT'] ?? 'test-results/vitest.json', JSON.stringify(report));
  }
}

/** @param {unknown} error @returns {string} */
function describe(error) {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return `outside of any test: ${String(message)}`;
}
