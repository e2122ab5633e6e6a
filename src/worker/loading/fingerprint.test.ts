/** One file, one fingerprint, in whatever pieces it is read; another for weights that differ where everything else is the same. */
import { expect, it } from 'vitest';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { syntheticBytes } from '../../../tools/fixtures/synthetic-model.ts';
import { bufferSource } from '../../cache/buffer-source.ts';
import { Fingerprint } from './fingerprint.ts';
import { readGgufHeader } from './gguf-header.ts';

async function fingerprint(bytes: Uint8Array, pieceBytes: number, from = 0): Promise<string> {
  const source = bufferSource(bytes);
  const file = await readGgufHeader(source);
  const print = new Fingerprint(file);
  const noting = print.noting(source);
  for (let at = from; at < bytes.length; at += pieceBytes)
    expect(await noting.read(at, Math.min(pieceBytes, bytes.length - at))).toHaveLength(
      Math.min(pieceBytes, bytes.length - at),
    );
  return print.digest();
}

it('depends on the file, and not on how it is read', async () => {
  const bytes = await syntheticBytes(TINY_SHAPE, { type: 'Q8_0', seed: 3 });
  const whole = await fingerprint(bytes, bytes.length);
  expect(whole).toMatch(/^[0-9a-f]{64}$/);
  for (const pieceBytes of [37, 4096]) expect(await fingerprint(bytes, pieceBytes)).toBe(whole);
  const other = await syntheticBytes(TINY_SHAPE, { type: 'Q8_0', seed: 4 });
  expect(other).toHaveLength(bytes.length);
  expect(await fingerprint(other, 4096)).not.toBe(whole);
  // A byte in the middle of one tensor, and one of the metadata.
  const { tensors } = await readGgufHeader(bufferSource(bytes));
  const { offsetBytes = 0, sizeBytes = 0 } = tensors[3] ?? {};
  const patched = bytes.slice();
  const at = offsetBytes + Math.floor(sizeBytes / 2);
  patched[at] = (patched[at] ?? 0) ^ 1;
  expect(await fingerprint(patched, 4096)).not.toBe(whole);
});
