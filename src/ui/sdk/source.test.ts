import { expect, it } from 'vitest';
import { fromPage } from './source.ts';

it('reads a relative URL from the page, and leaves all else alone', () => {
  const page = 'https://site.test/docs/page.html?a';
  expect(fromPage({ kind: 'url', url: '../m.gguf' }, page)).toEqual({ kind: 'url', url: 'https://site.test/m.gguf' });
  for (const source of [
    { kind: 'url', url: 'https://other.test/m.gguf' },
    { kind: 'cached', id: 'm' },
  ] as const)
    expect(fromPage(source, page)).toBe(source);
  // No page: what is wrong with it is told where it is read.
  const relative = { kind: 'url', url: 'm.gguf' } as const;
  expect(fromPage(relative)).toBe(relative);
});
