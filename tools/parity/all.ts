/**
 * `npm run parity:all -- DIR [--filter RE] [--selection RE] [--adapter A]... [--resume FILE]`: the full product of goldens, adapters and
 * selections of kernels (`selections.ts`). Takes hours, so it is no part of the tests. A row a golden and adapter; a model that the
 * runtime refuses is named with the reason, once. With `--resume` what passed is written to the file, a line each, and is not computed
 * again: what fails is. The last line and the exit code say how many combinations passed.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findAdapter } from '../node/dawn.ts';
import { readArguments } from './arguments.ts';
import { compareAny } from './compare-any.ts';
import { readAnyGolden, type EmbeddingGolden, type Golden } from './golden.ts';
import { ALL_SELECTIONS, isRefusal } from './selections.ts';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    filter: { type: 'string', default: '' },
    selection: { type: 'string', default: '' },
    adapter: { type: 'string', multiple: true },
    resume: { type: 'string' },
  },
});
const [directory] = positionals;
if (directory === undefined) {
  throw new Error(
    'usage: npm run parity:all -- DIR [--filter RE] [--selection RE] [--adapter A]... [--resume FILE]; a selection is named by its flags, or default, no features, small bindings, 5 sequences, int8, cache in f16|q8_0|q4_0',
  );
}
const adapters = values.adapter ?? ['swiftshader', 'lavapipe'].filter((name) => isPresent(name));
const filter = new RegExp(values.filter);
const names = readdirSync(join(directory, 'goldens'))
  .filter((name) => name.endsWith('.json') && filter.test(name.slice(0, -5)))
  .sort();

function isPresent(name: string): boolean {
  return (name === 'swiftshader' || name === 'lavapipe') && findAdapter(name).present;
}

const chosen = new RegExp(values.selection);
const selections = ALL_SELECTIONS.filter(({ name }) => chosen.test(name));
const { resume } = values;
/** What passed before: golden, adapter and selection, a line each. */
const passedBefore = new Set(
  resume !== undefined && existsSync(resume) ? readFileSync(resume, 'utf8').split('\n').filter(Boolean) : [],
);

const totals = { passed: 0, before: 0, failed: 0, refused: 0 };

/** The selections that do not pass, each with what came out. @throws the named error of a model that is refused */
async function failuresOf(file: string, golden: Golden | EmbeddingGolden, adapter: string): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const { name, flags } of selections) {
    const line = [file, adapter, name].join('\t');
    if (passedBefore.has(line)) {
      totals.before += 1;
      continue;
    }
    try {
      const options = readArguments([directory ?? '', '--adapter', adapter, ...flags]);
      const { difference, numSteps, numWrong, passed } = await compareAny(options, golden);
      if (passed) {
        totals.passed += 1;
        if (resume !== undefined) appendFileSync(resume, `${line}\n`);
      } else {
        const worst = `max ${difference.max.toExponential(1)}, greedy ${String(numSteps - numWrong)}/${String(numSteps)}`;
        failures.push(`${name}: ${worst}`);
      }
    } catch (error) {
      if (isRefusal(error)) throw error;
      failures.push(`${name}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
    }
  }
  totals.failed += failures.length;
  return failures;
}

for (const file of names) {
  const golden = readAnyGolden(join(directory, 'goldens', file));
  const label = file.slice(0, -5).padEnd(28);
  try {
    for (const adapter of adapters) {
      const failures = await failuresOf(file, golden, adapter);
      console.log(
        `${failures.length === 0 ? 'pass' : 'FAIL'} ${label} ${adapter.padEnd(12)} ${String(selections.length - failures.length)}/${String(selections.length)}`,
      );
      for (const failure of failures) console.log(`     ${failure}`);
    }
  } catch (error) {
    if (!isRefusal(error)) throw error;
    totals.refused += 1;
    console.log(`----  ${label} refused: ${error.message}`);
  }
}
console.log(`${String(totals.refused)} models refused by name`);
const before = totals.before === 0 ? '' : `, ${String(totals.before)} passed before`;
console.log(`${String(totals.passed)} passed, ${String(totals.failed)} failed${before}`);
process.exitCode = totals.failed > 0 || totals.passed + totals.before === 0 ? 1 : 0;
