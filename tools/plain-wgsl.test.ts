/** What builds leave out of shaders is no part of the program. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { plainWgsl } from './plain-wgsl.ts';

const SHADERS = resolve(import.meta.dirname, '../src/shaders');
const files = readdirSync(SHADERS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.wgsl'));

it('leaves out comments and indentation', () => {
  expect(plainWgsl('// About.\nfn f() -> f32 { // one\n\n  return 4. / 2.; // two\n}\n')).toBe(
    'fn f() -> f32 {\nreturn 4. / 2.;\n}\n',
  );
});

it('keeps every word of every shader, none of which has a block comment', () => {
  expect(files.length).toBeGreaterThan(100);
  for (const name of files) {
    const source = readFileSync(join(SHADERS, name), 'utf8');
    expect(source, name).not.toContain('/*');
    const words = source.split('\n').flatMap((line) => line.split('//')[0]?.split(/\s+/) ?? []);
    expect(plainWgsl(source).split(/\s+/).join(' ').trim(), name).toBe(words.filter((word) => word !== '').join(' '));
  }
});
