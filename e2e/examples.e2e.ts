/**
 * The examples of the documentation in a page, with the package and the built-in model: each compiles, runs to its end and prints what it
 * says it prints. What is only compiled says why, and what is a file of an app has a test of its own.
 */
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { examplePages, examplesOf, moduleOf, printedBy } from '../tools/examples.mjs';
import { expect, test } from './consumer.ts';
import { LOAD } from './visitor.ts';

interface Run {
  readonly printed: readonly string[];
  readonly error: string | undefined;
}

declare const run: (number: number) => Promise<Run>;

const SHARED = `
import { createEngine } from 'linnet';
export const engine = createEngine();
export const model = await engine.load({ kind: 'url', url: 'linnet-mini-q4_0.gguf' });
`;

/** Runs an example by its number, and tells what it printed: a line for each call, whatever is in it. */
const MAIN = `
import './shared.ts';
const examples = import.meta.glob('./examples/*.ts');
const lineOf = (value) => (typeof value === 'string' ? value : JSON.stringify(value) ?? String(value)).replaceAll('\\n', ' ');
globalThis.run = async (number) => {
  const { log } = console;
  const printed = [];
  console.log = (...values) => printed.push(values.map(lineOf).join(' '));
  try {
    await examples['./examples/' + number + '.ts']();
    return { printed };
  } catch (error) {
    return { printed, error: String(error?.stack ?? error) };
  } finally {
    console.log = log;
  }
};
document.querySelector('output').value = 'ready';
`;

const ALL = examplePages().flatMap(examplesOf);

test('every example compiles, runs and prints what it says', async ({ page, consumer, serveFolder }) => {
  // A dozen answers on a CPU that stands in for a GPU.
  test.setTimeout(600_000);
  for (const name of ['openai', 'ai', '@ai-sdk/openai-compatible']) consumer.link(name);
  consumer.write('index.html', '<!doctype html><output></output><script type="module" src="/src/main.js"></script>');
  consumer.write('src/main.js', MAIN);
  consumer.write('src/shared.ts', SHARED);
  copyFileSync(
    join(consumer.folder, 'node_modules/linnet/worker.js'),
    join(consumer.folder, 'public/linnet-worker.js'),
  );
  ALL.forEach((example, number) => {
    const text = moduleOf(example, (name) => `import { ${name} } from '../shared.ts';`);
    consumer.write(`src/${example.file === undefined ? 'examples' : 'files'}/${String(number)}.ts`, text);
  });
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: [],
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
  };
  consumer.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src/**/*.ts'] }));
  consumer.run('tsc', '-p', '.');
  consumer.run('vite', 'build', '--target', 'esnext');
  const app = await serveFolder({ root: join(consumer.folder, 'dist') });
  await page.goto(app.url);
  await expect(page.locator('output')).toHaveText('ready', LOAD);

  for (const [number, example] of ALL.entries()) {
    if (example.file !== undefined) continue;
    if (example.notRun !== undefined) {
      console.log(`${example.at} is only compiled: ${example.notRun}`);
      continue;
    }
    const { printed, error } = await page.evaluate((which) => run(which), number);
    expect.soft(error, `${example.at} runs to its end`).toBeUndefined();
    const said = printedBy(example);
    expect.soft(said.length, `${example.at} says what it prints`).toBeGreaterThan(0);
    expect.soft(printed, `${example.at} prints what it says`).toHaveLength(said.length);
    said.forEach((line, i) => expect.soft(printed[i], `${example.at} prints what it says`).toMatch(patternOf(line)));
  }
});

test('files of an app have a test that runs them', () => {
  const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.e2e.ts') || name === 'consumer.ts');
  const sources = tests.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join('\n');
  const files = ALL.flatMap(({ file }) => file ?? []);
  expect(files.length).toBeGreaterThan(0);
  const isNamed = (file: string) => sources.includes(`/${file}'`) || sources.includes(`'${file}'`);
  expect(files.map((file) => file.replace(/^.*\//, '')).filter((file) => !isNamed(file))).toEqual([]);
});

/** `…` stands for anything. */
function patternOf(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
