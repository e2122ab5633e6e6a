/**
 * The examples of the documentation: every `ts` block of the pages about the library. An example is a module. It may use `engine` and
 * `model` without making them: an engine with the built-in model loaded, and that model. What it prints stands behind `// →`, a line
 * for each `console.log`, with `…` for what may differ.
 *
 * A comment before a block says what else becomes of it: `<!-- not run: REASON -->` is only compiled, `<!-- example: FILE -->` is a file of
 * an app that a test of its own makes. Knows no engine.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const DOCS = resolve(import.meta.dirname, '../docs');

/**
 * @typedef {object} Example
 * @property {string} at page and line, as a person looks them up
 * @property {string} code
 * @property {string | undefined} notRun why it is only compiled
 * @property {string | undefined} file the file that it is, where another test runs it
 */

/** @returns {string[]} the pages, paths below docs */
export function examplePages() {
  const topics = readdirSync(join(DOCS, 'api')).filter((name) => name.endsWith('.md'));
  return ['api.md', 'remote.md', ...topics.map((name) => `api/${name}`)];
}

/** @param {string} page a path below docs @returns {Example[]} */
export function examplesOf(page) {
  const text = readFileSync(join(DOCS, page), 'utf8');
  const blocks = text.matchAll(/(?:<!-- (not run|example): (.*?) -->\n+)?^```ts\n([^]*?)^```/gm);
  return [...blocks].map(({ 0: all, 1: kind, 2: word, 3: code = '', index }) => ({
    at: `docs/${page}:${String(text.slice(0, index + all.indexOf('```ts')).split('\n').length)}`,
    code,
    notRun: kind === 'not run' ? word : undefined,
    file: kind === 'example' ? word : undefined,
  }));
}

/**
 * @param {Example} example
 * @param {(name: string, type: string) => string} declare a line that makes one of the names
 * @returns {string}
 */
export function moduleOf({ code }, declare) {
  const names = /** @type {const} */ ([
    ['engine', 'Linnet'],
    ['model', 'Model'],
  ]).filter(([name]) => new RegExp(`\\b${name}\\.|\\(${name}\\)`).test(code) && !code.includes(`const ${name} `));
  // A parameter of a function is not the engine of the page.
  const wanted = names.filter(([name]) => !code.includes(`${name}: Linnet`));
  return [...wanted.map(([name, type]) => declare(name, type)), code, 'export {};\n'].join('\n');
}

/** @param {Example} example @returns {string[]} the lines that it prints */
export function printedBy({ code }) {
  return [...code.matchAll(/^\s*\/\/ → (.*)$/gm)].map(([, line = '']) => line);
}
