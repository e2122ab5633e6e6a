/**
 * Gzipped sizes of what a visitor downloads, against `size-budgets.json`; exit code 1 when one is exceeded or missing.
 * Counted is what loads eagerly: an entry with everything that it imports statically, not what it may ask for later.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parseSync } from 'vite';

const ROOT = resolve(import.meta.dirname, '..');

/** @type {unknown} */
const rawBudgets = JSON.parse(readFileSync(join(ROOT, 'tools/size-budgets.json'), 'utf8'));
const BUDGETS = /** @type {Readonly<Record<string, { what: string, maxGzipBytes: number }>>} */ (rawBudgets);

/**
 * @typedef {object} Size
 * @property {string} name of the budget
 * @property {number | undefined} gzipBytes undefined when it is not built
 * @property {number} maxGzipBytes
 */

/** @param {string} [dist] @returns {Size[]} one for each budget */
export function measureSizes(dist = join(ROOT, 'dist')) {
  return Object.entries(BUDGETS).map(([name, { maxGzipBytes }]) => {
    const entries = entriesOf(name, dist);
    const files = eagerFiles(entries);
    if (name !== 'onnx') files.forEach(refuseOnnx);
    const gzipBytes = files.map((file) => gzipSync(readFileSync(file)).length).reduce((sum, size) => sum + size, 0);
    return { name, gzipBytes: entries.length === 0 ? undefined : gzipBytes, maxGzipBytes };
  });
}

/**
 * The library for ONNX models is many times as large as the engine, and fetched by nobody who does not ask for it.
 * @param {string} file
 */
function refuseOnnx(file) {
  if (/\bort-wasm|onnxruntime/i.test(readFileSync(file, 'utf8')))
    throw new Error(`${file} has onnxruntime-web inside, which is for the ONNX worker alone`);
}

/** @param {Size[]} sizes */
export function formatSizes(sizes) {
  return sizes
    .map(({ name, gzipBytes, maxGzipBytes }) => {
      const size = gzipBytes === undefined ? 'not built' : `${kilobytes(gzipBytes)} kB`;
      const verdict = isWithin({ name, gzipBytes, maxGzipBytes }) ? 'ok' : 'TOO BIG OR MISSING';
      return `${name.padEnd(10)} ${size.padStart(10)} gzipped of ${kilobytes(maxGzipBytes)} kB  ${verdict}`;
    })
    .join('\n');
}

/** @param {Size} size */
export function isWithin({ gzipBytes, maxGzipBytes }) {
  return gzipBytes !== undefined && gzipBytes <= maxGzipBytes;
}

/** @param {string[]} entries @returns {string[]} the entries and the files that they import statically, each once */
export function eagerFiles(entries) {
  const found = new Set(entries);
  for (const file of found) {
    if (!file.endsWith('.js')) continue;
    for (const specifier of staticImports(file)) {
      if (!specifier.startsWith('.')) throw new Error(`${file} imports ${specifier}, which is no file of the build`);
      found.add(resolve(dirname(file), specifier));
    }
  }
  return [...found];
}

/** @param {string} file @returns {string[]} */
function staticImports(file) {
  const { module } = parseSync(file, readFileSync(file, 'utf8'));
  const exported = module.staticExports.flatMap((statement) => statement.entries.map((entry) => entry.moduleRequest));
  return [...module.staticImports.map((statement) => statement.moduleRequest), ...exported]
    .map((request) => request?.value)
    .filter((specifier) => specifier !== undefined);
}

/** @param {string} name @param {string} dist @returns {string[]} */
function entriesOf(name, dist) {
  switch (name) {
    case 'app':
      return filesOfPage(join(dist, 'app/index.html'));
    case 'worker':
      return listFolder(join(dist, 'app/assets')).filter((file) => /\/worker-(?!part-)[^/]+\.js$/.test(file));
    case 'package':
      return [join(dist, 'package/index.js')].filter((file) => existsSync(file));
    case 'onnx':
      return [join(dist, 'package/onnx-worker.js')].filter((file) => existsSync(file));
    case 'embed':
    case 'embed-app':
      return [join(dist, `embed/${name}.js`)].filter((file) => existsSync(file));
    default:
      throw new Error(`size-budgets.json has ${name}, which nothing measures`);
  }
}

/** @param {string} page @returns {string[]} the scripts and styles that it names */
function filesOfPage(page) {
  if (!existsSync(page)) return [];
  const names = [...readFileSync(page, 'utf8').matchAll(/(?:src|href)="(\.\/[^"]+\.(?:js|css))"/g)].map(
    (match) => match[1],
  );
  return names.filter((name) => name !== undefined).map((name) => resolve(dirname(page), name));
}

/** @param {string} folder @returns {string[]} */
function listFolder(folder) {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return (bytes / 1000).toFixed(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const sizes = measureSizes();
  console.log(formatSizes(sizes));
  if (!sizes.every(isWithin)) process.exitCode = 1;
}
