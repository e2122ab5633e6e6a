/**
 * `npm run package:check`: whether `dist/package` is what a bundler and a registry expect. Publint judges its description; what
 * would be published is listed and compared; its types compile for a user; and importing it does nothing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { examplePages, examplesOf, moduleOf } from './examples.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const PACKAGE = join(ROOT, 'dist/package');

/** What a package may have; types beside these. */
const FILES =
  /^(package\.json|README\.md|LICENSE|THIRD_PARTY\.md|docs\/[\w-]+\.md|index\.js|worker\.js|grammar-engine-[\w-]+\.js|onnx-worker\.js|ort-wasm-simd\.wasm)$/;
const NEEDED = [
  'package.json',
  'README.md',
  'LICENSE',
  'THIRD_PARTY.md',
  'index.js',
  'worker.js',
  'onnx-worker.js',
  'ort-wasm-simd.wasm',
  'types/ui/sdk/index.d.ts',
];

/** What somebody writes who uses it; it has to compile. */
const USER = `
import { createEngine, createFetch, LinnetError, RemoteError, RequestError, type ChatCompletionChunk } from 'linnet';
const engine = createEngine();
const model = await engine.load({ kind: 'url', url: 'https://example.test/m.gguf' }, { id: 'm', onProgress: ({ phase }) => phase });
const stream = await engine.chat.completions.create({ messages: [{ role: 'user', content: 'Hello' }], stream: true });
for await (const chunk of stream) chunk satisfies ChatCompletionChunk;
const whole = await engine.chat.completions.create({ messages: [{ role: 'user', content: 'Hello' }], n: 2 });
whole.choices[0]?.message.content satisfies string | null | undefined;
(await engine.embeddings.create({ input: 'a', encoding_format: 'base64' })).data[0]?.embedding satisfies string | undefined;
(await model.score('a')).logprob satisfies number;
createFetch(engine) satisfies typeof fetch;
new RemoteError('timedOut', 'a', { host: 'h' }) satisfies LinnetError;
new RequestError('missing_parameter', 'a', 'b') satisfies LinnetError;
// @ts-expect-error -- a parameter that is not there
await engine.chat.completions.create({ messages: [], no_such_parameter: 1 });
`;

/** @returns {Promise<string[]>} */
async function problemsOfDescription() {
  const { messages, pkg } = await publint({ pkgDir: PACKAGE, strict: true });
  return messages.map((message) => formatMessage(message, pkg) ?? message.code);
}

/** @returns {string[]} */
function problemsOfContent() {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: PACKAGE,
    encoding: 'utf8',
  });
  /** @type {unknown} */
  const parsed = JSON.parse(packed);
  const [{ files }] = /** @type {[{ files: { path: string }[] }]} */ (parsed);
  const paths = files.map(({ path }) => path);
  const unexpected = paths.filter((path) => !FILES.test(path) && !/^types\/.+\.d\.ts$/.test(path));
  const missing = NEEDED.filter((path) => !paths.includes(path));
  return [
    ...unexpected.map((path) => `${path} is published and nobody needs it`),
    ...missing.map((path) => `${path} is not published`),
  ];
}

/** @returns {string[]} */
function problemsOfTypes() {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-package-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(PACKAGE, join(folder, 'node_modules/linnet'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'user.ts'), USER);
    // Alone, and with every declaration checked: what they import has to be in the package.
    const alone = compileAsUser(folder, ['user.ts'], false);
    for (const name of ['openai', 'ai', '@ai-sdk'])
      symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    const files = examplePages()
      .flatMap(examplesOf)
      .map((example, i) => {
        const file = `example-${String(i + 1)}.ts`;
        const text = moduleOf(example, (name, type) => `declare const ${name}: import('linnet').${type};`);
        writeFileSync(join(folder, file), text);
        return file;
      });
    // Types of other packages lack those of Node here.
    return [...alone, ...compileAsUser(folder, files, true)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} folder @param {readonly string[]} files @param {boolean} skipLibCheck @returns {string[]} */
function compileAsUser(folder, files, skipLibCheck) {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  return ['bundler', 'nodenext'].flatMap((moduleResolution) => {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck,
      types: [],
      target: 'es2023',
      lib: ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'],
      module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
      moduleResolution,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const run = spawnSync(process.execPath, [compiler, '-p', folder], { cwd: folder, encoding: 'utf8' });
    return run.status === 0 ? [] : [`its types do not compile for a user (${moduleResolution}):\n${run.stdout}`];
  });
}

/** @returns {Promise<string[]>} */
async function problemsOfImport() {
  const before = Object.getOwnPropertyNames(globalThis);
  Object.assign(globalThis, {
    Worker: function Worker() {
      throw new Error('importing it starts a worker');
    },
  });
  /** @type {unknown} */
  const imported = await import(pathToFileURL(join(PACKAGE, 'index.js')).href);
  const names = Object.keys(/** @type {object} */ (imported));
  const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name) && name !== 'Worker');
  const missing = ['createEngine', 'createFetch', 'LinnetError', 'RequestError'].filter(
    (name) => !names.includes(name),
  );
  return [
    ...added.map((name) => `importing it makes a global: ${name}`),
    ...missing.map((name) => `it does not export ${name}`),
  ];
}

/** @type {unknown} */
const description = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
const { version } = /** @type {{ version: string }} */ (description);
const problems = [
  ...(await problemsOfDescription()),
  ...problemsOfContent(),
  ...problemsOfTypes(),
  ...(await problemsOfImport()),
];
for (const problem of problems) console.log(problem);
console.log(`the package ${version} has ${problems.length === 0 ? 'no' : String(problems.length)} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
