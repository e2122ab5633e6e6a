/**
 * `npm run bench:browser`: the bench page in a headless Chromium, started, waited for and printed. It measures nothing itself:
 * what it prints is what the page measured through the client.
 */
import { formatBrowserReport } from './browser-report.ts';
import { readBrowserArguments } from './browser-arguments.ts';
import { runBrowserBench } from './run-browser.ts';

const argv = process.argv.slice(2);
try {
  const options = readBrowserArguments(argv);
  const command = `npm run bench:browser -- ${argv.join(' ')}`;
  const result = await runBrowserBench(options);
  console.log(
    options.json
      ? JSON.stringify({ command, ...result }, null, 2)
      : formatBrowserReport(command, options.adapter, result),
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
