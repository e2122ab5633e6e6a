/**
 * `npm run parity -- DIR`: every golden of DIR/goldens against its model of DIR/models (or of `--models`), computed by our
 * runtime in Node on Dawn: log-probabilities against `exact`, and the arg-max along the exact greedy continuation at every
 * step whose margin leaves no doubt. A row each; the last line and the exit code say how many passed.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDawn } from '../node/dawn.ts';
import { readArguments } from './arguments.ts';
import { compareAny } from './compare-any.ts';
import { isEmbeddingGolden, readAnyGolden } from './golden.ts';

const options = readArguments(process.argv.slice(2));
const names = readdirSync(join(options.directory, 'goldens'))
  .filter((name) => name.endsWith('.json') && options.filter.test(name.slice(0, -5)))
  .sort();
console.log(`adapter ${(await openDawn({ adapter: options.adapter })).description}, batch ${String(options.batch)}`);
let passed = 0;
let failed = 0;
for (const name of names) {
  const started = performance.now();
  const label = name.slice(0, -5).padEnd(28);
  try {
    const golden = readAnyGolden(join(options.directory, 'goldens', name));
    const { difference, limits, numSteps, numWrong, passed: good } = await compareAny(options, golden);
    if (good) passed += 1;
    else failed += 1;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${good ? 'pass' : 'FAIL'} ${label} rms ${difference.rms.toExponential(1)} max ${difference.max.toExponential(1)} (of ${limits.rms.toExponential(1)}, ${limits.max.toExponential(1)}) over ${String(difference.count)}; ${isEmbeddingGolden(golden) ? 'components of vectors' : `greedy ${String(numSteps - numWrong)}/${String(numSteps)} steps compared`}; ${seconds} s`,
    );
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${label} ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  }
}
if (names.length === 0) console.log('no golden matches');
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
