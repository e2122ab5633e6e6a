/**
 * Builds the outputs that `vite.config.ts` describes: `node tools/build.mjs [app] [embed] [package]`, all of them without
 * a name. Types of the package come from the compiler. It prints the sizes; whether they are too big is `size.mjs`'s matter.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spawnSync } from 'node:child_process';
import { build } from 'vite';
import { examplePages } from './examples.mjs';
import { formatSizes, measureSizes } from './size.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const SOURCES = [
  ...['src', 'public', 'vite.config.ts', 'package-lock.json'],
  ...['tools/plain-wgsl.ts', 'tools/notices.ts', 'tools/examples.mjs', 'tools/licences'],
];

/** What each output is known by: the file that is written last or is there only when the build went well. */
const OUTPUTS = /** @type {const} */ ({
  app: 'dist/app/index.html',
  embed: 'dist/embed/embed.js',
  package: 'dist/package/package.json',
});
/** @typedef {keyof typeof OUTPUTS} Output */

/** @param {Output} output @throws {Error} when the build fails */
export async function buildOutput(output) {
  rmSync(join(ROOT, OUTPUTS[output]), { force: true });
  await build({ configFile: join(ROOT, 'vite.config.ts'), mode: output, logLevel: 'warn' });
  // After the app, whose build empties the folder.
  if (output === 'app') await build({ configFile: join(ROOT, 'vite.config.ts'), mode: 'bench', logLevel: 'warn' });
  if (output === 'package') finishPackage();
}

/** @param {Output} output @returns {boolean} true when it is missing or a source is newer */
export function isStale(output) {
  const built = join(ROOT, OUTPUTS[output]);
  if (!existsSync(built)) return true;
  const builtMs = statSync(built).mtimeMs;
  const sources = output === 'package' ? [...SOURCES, 'docs'] : SOURCES;
  return sources.some((source) => newestMs(join(ROOT, source)) > builtMs);
}

/** @param {string} path @returns {number} */
function newestMs(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

/** Types beside the code, and the package's own description of itself. */
function finishPackage() {
  const folder = join(ROOT, 'dist/package');
  emitTypes(join(folder, 'types'));
  /** @type {unknown} */
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const { version, description, license } = /** @type {{ version: string, description: string, license: string }} */ (
    own
  );
  const manifest = {
    name: 'linnet',
    version,
    description,
    license,
    type: 'module',
    sideEffects: false,
    files: ['*.js', '*.wasm', 'types', 'docs', 'THIRD_PARTY.md'],
    exports: {
      '.': { types: './types/ui/sdk/index.d.ts', default: './index.js' },
      './worker.js': './worker.js',
      './onnx-worker.js': './onnx-worker.js',
      './package.json': './package.json',
    },
  };
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  copyFileSync(join(ROOT, 'node_modules/onnxruntime-web/dist/ort-wasm-simd.wasm'), join(folder, 'ort-wasm-simd.wasm'));
  writePages(folder);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * The pages about the library, beside each other. Links to what is not among them are left out: what is said stands alone.
 * @param {string} folder
 */
function writePages(folder) {
  mkdirSync(join(folder, 'docs'));
  const pages = examplePages();
  for (const page of pages) {
    const isFront = page === 'api.md';
    const text = readFileSync(join(ROOT, 'docs', page), 'utf8').replace(
      /\[([^\]]+)\]\((?!\w+:|#)([^)]+)\)/g,
      (_, /** @type {string} */ words, /** @type {string} */ target) => {
        if (!pages.includes(posix.join(posix.dirname(page), target))) return words;
        return `[${words}](${isFront ? 'docs/' : ''}${posix.basename(target)})`;
      },
    );
    writeFileSync(join(folder, isFront ? 'README.md' : `docs/${posix.basename(page)}`), text);
  }
}

/** @param {string} folder */
function emitTypes(folder) {
  const config = join(ROOT, 'dist/package-types.tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: '../src',
    outDir: folder,
  };
  writeFileSync(
    config,
    JSON.stringify({
      extends: '../src/ui/tsconfig.json',
      compilerOptions,
      include: [],
      files: ['../src/ui/sdk/index.ts'],
    }),
  );
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const run = spawnSync(process.execPath, [compiler, '-p', config], { encoding: 'utf8' });
  rmSync(config);
  if (run.status !== 0) throw new Error(`the package's types do not compile:\n${run.stdout}`);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const text = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), text.replace(/(from '\.[^']+)\.ts'/g, "$1.js'"));
  }
}

/** @param {string} name @returns {name is Output} */
function isOutput(name) {
  return Object.hasOwn(OUTPUTS, name);
}

async function main() {
  const wanted = process.argv.slice(2);
  for (const name of wanted.length > 0 ? wanted : Object.keys(OUTPUTS)) {
    if (!isOutput(name)) throw new Error(`${name} is none of ${Object.keys(OUTPUTS).join(', ')}`);
    const startMs = performance.now();
    await buildOutput(name);
    console.log(`${name.padEnd(8)} built in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  }
  console.log(formatSizes(measureSizes()));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
