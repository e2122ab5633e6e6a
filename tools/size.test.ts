/** The size check counts what loads at once, no more and no less, and says no. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { eagerFiles, formatSizes, isWithin, measureSizes } from './size.mjs';

const dist = mkdtempSync(join(tmpdir(), 'linnet-size-'));
afterAll(() => {
  rmSync(dist, { recursive: true });
});

function write(file: string, text: string): string {
  const path = join(dist, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

it('follows static imports and re-exports, each file once, and leaves dynamic ones', () => {
  const entry = write('a.js', `import{x}from"./b.js";export*from"./c.js";import("./late.js");x`);
  const second = write('b.js', `import"./c.js";import"./a.js";export const x=1`);
  const third = write('c.js', `export const y="import './not-an-import.js'"`);
  expect(eagerFiles([entry]).sort()).toEqual([entry, second, third].sort());
});

it('does not let an import of a bare name pass', () => {
  expect(() => eagerFiles([write('bare.js', `import"lit"`)])).toThrow(/imports lit/);
});

it('does not let the library for ONNX models pass but where it belongs', () => {
  const entry = write('embed/embed.js', 'import"./part.js"');
  write('embed/part.js', 'fetch("ort-wasm-simd.wasm")');
  write('package/onnx-worker.js', 'fetch("ort-wasm-simd.wasm")');
  expect(() => measureSizes(dist)).toThrow(/part\.js has onnxruntime-web inside/);
  rmSync(entry);
  const sizes = new Map(measureSizes(dist).map((size) => [size.name, size]));
  expect(sizes.get('onnx')?.gzipBytes).toBeGreaterThan(0);
  rmSync(join(dist, 'package'), { recursive: true });
});

it('fails what is too big and what is missing', () => {
  write('app/index.html', '<script type="module" src="./assets/main.js"></script><link href="./assets/main.css">');
  write('app/assets/main.js', 'import"./worker-part-1.js"');
  write('app/assets/worker-part-1.js', '1');
  write('app/assets/main.css', 'p{}');
  write('app/assets/worker-1.js', `/*${hardToCompress(400_000)}*/`);
  const sizes = new Map(measureSizes(dist).map((size) => [size.name, size]));
  expect(sizes.get('app')?.gzipBytes).toBeLessThan(200);
  expect([...sizes.values()].filter((size) => isWithin(size)).map((size) => size.name)).toEqual(['app']);
  expect(sizes.get('embed')?.gzipBytes).toBeUndefined();
  expect(formatSizes([...sizes.values()])).toMatch(/worker .*TOO BIG[^]*embed .*not built/);
});

/** Text that gzip can do little with, the same on every run. */
function hardToCompress(numCharacters: number): string {
  let state = 1;
  return Array.from({ length: numCharacters }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(48 + ((state >>> 16) % 74));
  }).join('');
}
