/** A file on disk as a ByteSource: exact ranges, errors for what is outside or gone. */
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeFileSource } from './file-source.ts';

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) % 256);
let folder = '';
let path = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'linnet-'));
  path = join(folder, 'bytes');
});
afterAll(() => rm(folder, { recursive: true }));

it('reads exact ranges of a file, and no more', async () => {
  await writeFile(path, BYTES);
  const source = await nodeFileSource(path);
  try {
    expect(source.sizeBytes).toBe(1000);
    expect(await source.read(0, 1000)).toEqual(BYTES);
    expect(await source.read(13, 5)).toEqual(BYTES.slice(13, 18));
    await expect(source.read(990, 11)).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(source.read(0, 1, AbortSignal.abort())).rejects.toMatchObject({ name: 'Aborted' });
  } finally {
    await source.close();
  }
  await expect(source.read(0, 1)).rejects.toThrow();
});

it('notices a file that has become shorter, and one that is not there', async () => {
  await writeFile(path, BYTES);
  const source = await nodeFileSource(path);
  try {
    await truncate(path, 500);
    await expect(source.read(400, 200)).rejects.toThrow('shorter than 1000 bytes');
  } finally {
    await source.close();
  }
  await expect(nodeFileSource(join(folder, 'nothing'))).rejects.toThrow('ENOENT');
});
