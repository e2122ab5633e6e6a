/**
 * `npm run check`: what CI runs, in the same order. Every stage runs, whatever became of the one before; then a line for
 * each, and at last `N passed, N failed, N skipped`, in which the tests count one by one and every other stage as one.
 * Options: `--only types,lint` runs some of the stages.
 */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..');
const TESTS = 'tests';

/** @type {readonly (readonly [name: string, script: string, ...args: string[]])[]} the script is one of package.json */
const STAGES = [
  ['format', 'format:check'],
  ['types', 'types'],
  ['lint', 'lint'],
  ['boundaries', 'boundaries'],
  ['shaders', 'lint:wgsl'],
  [TESTS, 'test'],
  ['skills', 'eval:built-in', '--sample', '20', '--agree'],
  ['build', 'build'],
  ['size', 'size'],
  ['package', 'package:check'],
  ['reference', 'docs:api'],
];

/**
 * Runs a script of package.json, its output passing through.
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<{ ok: boolean, lastLine: string }>}
 */
async function runScript(script, args) {
  const child = spawn('npm', ['run', '--silent', script, ...(args.length > 0 ? ['--', ...args] : [])], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let tail = '';
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    process.stdout.write(text);
    tail = (tail + text).slice(-2000);
  });
  /** @type {number | null} */
  const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
  return { ok: code === 0, lastLine: tail.trimEnd().split('\n').at(-1) ?? '' };
}

const { values } = parseArgs({
  options: { only: { type: 'string', default: STAGES.map(([name]) => name).join(',') } },
});
const wanted = values.only.split(',');
const counts = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const summary = [];
for (const [name, script, ...args] of STAGES.filter(([stage]) => wanted.includes(stage))) {
  console.log(`\n--- ${name}`);
  const startMs = performance.now();
  const { ok, lastLine } = await runScript(script, args);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const tests = name === TESTS ? /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(lastLine) : null;
  if (tests === null) counts[ok ? 'passed' : 'failed'] += 1;
  counts.passed += Number(tests?.[1] ?? 0);
  counts.failed += Number(tests?.[2] ?? 0);
  counts.skipped += Number(tests?.[3] ?? 0);
  summary.push(
    `${name.padEnd(10)} ${ok ? 'ok    ' : 'FAILED'} ${seconds.padStart(6)} s${tests === null ? '' : `  ${lastLine}`}`,
  );
}

console.log(`\n${summary.join('\n')}`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
