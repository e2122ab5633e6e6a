/**
 * Somebody's own app, made from nothing: an empty folder, the package as `npm pack` writes it and npm installs it, and the files of
 * docs/api/start.md, word for word. Nothing comes from the network: npm has an empty cache and is offline, and Vite and
 * TypeScript, which the package does not bring, are those of this checkout. It knows nothing of what the app says.
 */
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test as base, expect } from './harness.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PACKAGE = join(ROOT, 'dist/package');
const PAGE = join(ROOT, 'docs/api/start.md');
export const MODEL = join(ROOT, 'public/models/linnet-mini-q4_0.gguf');

export interface Consumer {
  readonly folder: string;
  /** Runs one of its tools to the end, and returns what it printed. Throws with that where it fails. */
  run(tool: 'vite' | 'tsc', ...args: readonly string[]): string;
  write(file: string, text: string): void;
  /** Vite's development server, until the test ends. Returns its URL. */
  develop(): Promise<string>;
}

/** The code block behind `<!-- example: NAME -->` of docs/api/start.md. */
export function documentedFile(name: string): string {
  const code = new RegExp(`<!-- example: ${name} -->\\n+\`\`\`\\w*\\n(.*?)\`\`\``, 's').exec(
    readFileSync(PAGE, 'utf8'),
  )?.[1];
  if (code === undefined) throw new Error(`docs/api/start.md has no example ${name}`);
  return code;
}

/** Installs the packed package into an empty folder. Throws where npm needs anything besides the archive. */
function installInto(folder: string): void {
  const npm = (cwd: string, ...args: string[]) =>
    execFileSync('npm', [...args, '--ignore-scripts', '--silent', '--cache', join(folder, 'empty-cache')], {
      cwd,
      encoding: 'utf8',
    }).trim();
  const archive = npm(PACKAGE, 'pack', '--pack-destination', folder);
  writeFileSync(join(folder, 'package.json'), '{ "name": "app", "private": true, "type": "module" }');
  npm(folder, 'install', '--offline', '--no-audit', '--no-fund', join(folder, archive));
}

export const test = base.extend<{ readonly consumer: Consumer }>({
  // eslint-disable-next-line no-empty-pattern
  consumer: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'linnet-consumer-'));
    const ends: (() => void)[] = [];
    const write = (file: string, text: string): void => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    };
    const tools = { vite: 'vite/bin/vite.js', tsc: 'typescript/bin/tsc' } as const;
    try {
      installInto(folder);
      for (const name of ['vite', 'typescript'])
        symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
      for (const file of ['index.html', 'src/main.ts']) write(file, documentedFile(file));
      mkdirSync(join(folder, 'public'));
      copyFileSync(MODEL, join(folder, 'public/linnet-mini-q4_0.gguf'));
      await use({
        folder,
        write,
        run: (tool, ...args) => runTool(folder, tools[tool], args),
        async develop() {
          const port = await freePort();
          const args = [join(folder, 'node_modules', tools.vite), '--port', String(port), '--strictPort'];
          const server = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
          ends.push(() => server.kill());
          for await (const text of server.stdout.setEncoding('utf8'))
            if (String(text).includes('Local')) return `http://localhost:${String(port)}/`;
          throw new Error('the development server ended before it served');
        },
      });
    } finally {
      for (const end of ends) end();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
});

function runTool(folder: string, tool: string, args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [join(folder, 'node_modules', tool), ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  } catch (error) {
    const printed = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new Error(`${tool} ${args.join(' ')} failed:\n${printed}`, { cause: error });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, 'localhost', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

export { expect };
