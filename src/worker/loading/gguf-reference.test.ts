/**
 * Real and synthetic models of the reference corpus, read by this reader and by the corpus's own: the same metadata,
 * the same tensors, the same bytes. Without the corpus there is nothing to compare, and the test says so.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { nodeFileSource } from '../../../tools/node/file-source.ts';
import { readGgufHeader } from './gguf-header.ts';
import type { GgufValue } from './gguf-metadata.ts';

const REFERENCE = process.env['LINNET_REFERENCE'] ?? resolve(import.meta.dirname, '../../../../shared/reference');
const READER = join(REFERENCE, 'gguf-reader.mjs');

interface ReferenceFile {
  readonly version: number;
  readonly kv: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, ReferenceTensor>>;
}
interface ReferenceTensor {
  readonly dims: readonly number[];
  readonly type: string;
  readonly bytes: Uint8Array;
}
interface ReferenceReader {
  readonly readGguf: (path: string) => ReferenceFile;
}

async function referenceReader(): Promise<ReferenceReader> {
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(READER).href);
  if (isReader(module)) return module;
  throw new Error(`${READER} has no readGguf`);
}

function isReader(module: unknown): module is ReferenceReader {
  return typeof module === 'object' && module !== null && 'readGguf' in module;
}

function files(): readonly string[] {
  const folders = ['models', 'tokenizers'].map((folder) => join(REFERENCE, folder)).filter((path) => existsSync(path));
  return folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))).filter(isGguf);
}

function isGguf(path: string): boolean {
  return path.endsWith('.gguf');
}

/** As the corpus's reader gives it: arrays as plain arrays. */
function plain(value: GgufValue | undefined): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value) : value;
}

const isThere = existsSync(READER);
const skipped = isThere
  ? ''
  : ' (skipped: no reference corpus at ../shared/reference; LINNET_REFERENCE names another place)';

describe.skipIf(!isThere)(`the reference corpus${skipped}`, () => {
  it('has the models and the tokenizers', () => {
    expect(files().filter((path) => path.includes('models')).length).toBeGreaterThan(40);
    expect(files().filter((path) => path.includes('tokenizers')).length).toBeGreaterThan(15);
  });

  it.each(isThere ? files().map((path) => [path.slice(REFERENCE.length + 1), path] as const) : [])(
    'reads %s as the corpus does',
    async (_, path) => {
      const { readGguf } = await referenceReader();
      const expected = readGguf(path);
      const source = await nodeFileSource(path);
      try {
        const file = await readGgufHeader(source);
        expect(file.version).toBe(expected.version);
        const entries = [...file.metadata.keys()].map((key) => [key, plain(file.metadata.raw(key))] as const);
        expect(Object.fromEntries(entries)).toEqual(expected.kv);
        expect(file.metadata.malformedText.size).toBe(0);
        expect(file.tensors.map((tensor) => tensor.name)).toEqual(Object.keys(expected.tensors));
        for (const { name, shape, typeName, offsetBytes, sizeBytes } of file.tensors) {
          const other = expected.tensors[name];
          expect({ name, shape, typeName }).toEqual({ name, shape: other?.dims, typeName: other?.type });
          const bytes = await source.read(offsetBytes, sizeBytes);
          expect(Buffer.compare(bytes, other?.bytes ?? new Uint8Array(0)), name).toBe(0);
        }
      } finally {
        await source.close();
      }
    },
  );
});
