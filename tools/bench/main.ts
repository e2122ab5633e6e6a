/**
 * `npm run bench`: how fast the runtime is in Node on Dawn, and what it does per token. docs/benchmarks.md says what the
 * numbers mean.
 */
import { readBenchArguments } from './arguments.ts';
import { formatReport } from './report.ts';
import { runBench } from './run.ts';

const argv = process.argv.slice(2);
try {
  const options = readBenchArguments(argv);
  const report = await runBench(options, `npm run bench -- ${argv.join(' ')}`);
  console.log(options.json ? JSON.stringify(report, null, 2) : formatReport(report));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
