/** ByteSources over a Blob and over bytes: exact ranges, copies that are the caller's, and named errors. */
import { describe, expect, it } from 'vitest';
import { bufferSource } from './buffer-source.ts';
import type { ByteSource } from './byte-source.ts';
import { fileSource } from './file-source.ts';

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) % 256);

const KINDS: readonly (readonly [string, () => ByteSource])[] = [
  ['bufferSource', () => bufferSource(BYTES)],
  ['fileSource', () => fileSource(new Blob([BYTES]))],
];

describe.each(KINDS)('%s', (_, make) => {
  it('knows its size and reads exact ranges', async () => {
    const source = make();
    expect(source.sizeBytes).toBe(1000);
    expect(await source.read(0, 1000)).toEqual(BYTES);
    expect(await source.read(13, 5)).toEqual(BYTES.slice(13, 18));
    expect(await source.read(1000, 0)).toHaveLength(0);
  });

  it('gives bytes that are the caller’s to change', async () => {
    const source = make();
    (await source.read(0, 10)).fill(255);
    expect(await source.read(0, 10)).toEqual(BYTES.slice(0, 10));
  });

  it.each([
    [990, 11],
    [-1, 2],
    [0.5, 2],
    [0, NaN],
  ])('refuses to read outside the file: %d, %d', async (offset, length) => {
    await expect(make().read(offset, length)).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  it('rejects as Aborted when the signal is', async () => {
    await expect(make().read(0, 1, AbortSignal.abort())).rejects.toMatchObject({ name: 'Aborted' });
  });
});

it('says what to do when a chosen file can no longer be read', async () => {
  const file = new Blob([BYTES]);
  const gone = new Blob([]);
  Object.defineProperty(gone, 'arrayBuffer', { value: () => Promise.reject(new Error('NotFoundError')) });
  Object.defineProperty(file, 'slice', { value: () => gone });
  const error = { name: 'SourceChanged', message: expect.stringContaining('Choose it again') as string };
  await expect(fileSource(file).read(0, 1)).rejects.toMatchObject(error);
});
