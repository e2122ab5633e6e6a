/**
 * The grammar engine in Node. Its script is written for pages and keeps one instance, in a package that calls it a module, which it
 * is not: a copy that Node takes for CommonJS is run anew for each instance.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineModule, ImportEngine } from '../../src/worker/grammar/engine-module.ts';

const require = createRequire(import.meta.url);

export const importEngineInNode: ImportEngine = () => {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-grammar-'));
  try {
    const copy = join(folder, 'engine.cjs');
    copyFileSync(require.resolve('@mlc-ai/web-xgrammar'), copy);
    return Promise.resolve(require(copy) as EngineModule);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
