/** For builds: shaders without their comments and indentation, which are two fifths of what they weigh. Nothing is renamed. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const SHADER = /\.wgsl\?raw$/;

/** WGSL has no strings, so what follows two slashes is a comment; block comments are not used. */
export function plainWgsl(source: string): string {
  return source
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n')
    .concat('\n');
}

export function plainShaders(): Plugin {
  return {
    name: 'linnet:plain-shaders',
    apply: 'build',
    enforce: 'pre',
    load: (id) =>
      SHADER.test(id)
        ? `export default ${JSON.stringify(plainWgsl(readFileSync(id.replace(/\?raw$/, ''), 'utf8')))};`
        : undefined,
  };
}
