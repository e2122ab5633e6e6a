/** The page of the survey is the one that its tables give, and what it names is there. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPage, surveyPage, TECHNIQUES } from './main.ts';

const ROOT = resolve(import.meta.dirname, '../..');

it('is current: run `npm run survey` when this fails', () => {
  expect(readPage()).toBe(surveyPage());
});

it('names each technique once', () => {
  const names = TECHNIQUES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(TECHNIQUES)('$name', ({ status, files = [], shown = [] }) => {
  it('is shown by a test where it is said to work, and by nothing where it is absent', () => {
    expect(shown.length > 0).toBe(status !== 'absent');
    expect(files.length > 0).toBe(status !== 'absent');
  });

  it('names files and tests that are there', () => {
    expect(files.filter((file) => !existsSync(resolve(ROOT, file)))).toEqual([]);
    const missing = shown.filter(
      ({ file, test }) => !existsSync(resolve(ROOT, file)) || !readFileSync(resolve(ROOT, file), 'utf8').includes(test),
    );
    expect(missing).toEqual([]);
  });
});
