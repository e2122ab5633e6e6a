/**
 * Runs one TypeScript tool under Node with Vite's transform, so that tools may import the sources as the page does
 * (`.ts` extensions, `./x.wgsl?raw`): `node tools/run.mjs tools/some.ts [arguments]`.
 *
 * The tool is a module whose top-level `await` ends when its work is done; it sees its own arguments in
 * `process.argv.slice(2)` and says how it went through `process.exitCode`. The exit is explicit, because a WebGPU
 * device of Dawn keeps Node alive. It knows nothing of what the tools do.
 */
import { resolve } from 'node:path';
import { createServer, createServerModuleRunner } from 'vite';

const [tool, ...args] = process.argv.slice(2);
if (tool === undefined) {
  console.error('usage: node tools/run.mjs TOOL.ts [arguments]');
  process.exit(2);
}

const root = resolve(import.meta.dirname, '..');
const entry = resolve(tool);
process.argv = [process.argv[0] ?? 'node', entry, ...args];

const server = await createServer({
  root,
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true, include: [] },
});
try {
  await createServerModuleRunner(server.environments.ssr, { hmr: false }).import(entry);
} catch (error) {
  console.error(error);
  process.exitCode ||= 1;
}
process.exit();
