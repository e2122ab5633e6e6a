/**
 * `npm start`: builds the app when a source is newer than the last build, serves it and prints the address. It opens no
 * other connection. Options: `--port N` (default 4173).
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildOutput, isStale } from './build.mjs';
import { serve } from './serve.mjs';

const { values } = parseArgs({ options: { port: { type: 'string', default: '4173' } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`--port ${values.port}: a port is a number from 0 to 65535`);
  process.exit(2);
}

if (isStale('app')) {
  console.log('Building the app ...');
  await buildOutput('app');
}
try {
  const { url } = await serve({ root: resolve(import.meta.dirname, '../dist/app'), port });
  console.log(`Linnet is at ${url} (Ctrl+C ends it)`);
} catch (error) {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
  console.error(`Port ${port} is taken: choose another one with npm start -- --port N`);
  process.exitCode = 1;
}
