import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { examplePages, examplesOf, moduleOf, printedBy } from './examples.mjs';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

it('finds every block of the pages, with what is said of it', () => {
  const all = examplePages().flatMap(examplesOf);
  const numBlocks = examplePages().map((page) => read(`docs/${page}`).split('```ts\n').length - 1);
  expect(all).toHaveLength(numBlocks.reduce((sum, number) => sum + number, 0));
  // A mistyped comment would be none.
  for (const page of examplePages()) expect(read(`docs/${page}`)).not.toMatch(/<!--(?! (not run|example): )/);
  for (const { at, notRun, file, ...example } of all)
    if (notRun === undefined && file === undefined)
      expect(printedBy({ at, notRun, file, ...example }), at).not.toEqual([]);
});

it('makes what an example needs, and only that', () => {
  const example = { at: '', notRun: undefined, file: undefined };
  const declare = (name: string) => `declare ${name};`;
  expect(moduleOf({ ...example, code: 'engine.close();' }, declare)).toBe(
    'declare engine;\nengine.close();\nexport {};\n',
  );
  expect(moduleOf({ ...example, code: 'const engine = a();\nengine.close();' }, declare)).not.toContain('declare');
  expect(moduleOf({ ...example, code: 'const f = (engine: Linnet) => engine.info();' }, declare)).not.toContain(
    'declare',
  );
});

it('names every error on the page about errors', () => {
  const list = /export type LinnetErrorName =([^]*?);/.exec(read('src/worker/api.ts'))?.[1] ?? '';
  const names = [...list.matchAll(/\| '(\w+)'/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(20);
  const page = read('docs/api/errors.md');
  expect(names.filter((name) => !page.includes(`\`${name ?? ''}\``))).toEqual([]);
});
