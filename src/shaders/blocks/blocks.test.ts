/** The oracle of each block type against the reference corpus's own reader, over random blocks; and the planes' layout. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../testing/values.ts';
import { halfToNumber, paddedRowElements, rowsPerScaleWord } from './block-type.ts';
import { planesOf, randomRows } from '../vectors/blocks.ts';
import { dequantizeRows } from './dequantize.ref.ts';
import { F16 } from './f16.ts';
import { BLOCK_TYPES } from './index.ts';
import { MXFP4 } from './mxfp4.ts';
import { Q5_0 } from './q5_0.ts';
import { Q5_K } from './q5_k.ts';
import { Q8_0 } from './q8_0.ts';

const REFERENCE = process.env['LINNET_REFERENCE'] ?? resolve(import.meta.dirname, '../../../../shared/reference');
const isThere = existsSync(REFERENCE);
const skipped = isThere ? '' : ' (skipped: no reference corpus at ../shared/reference; LINNET_REFERENCE names another)';

interface ReferenceReader {
  readonly dequant: (tensor: { type: string; bytes: Uint8Array; n: number }) => ArrayLike<number>;
}

async function referenceReader(): Promise<ReferenceReader> {
  const module: unknown = await import(pathToFileURL(resolve(REFERENCE, 'gguf-reader.mjs')).href);
  return module as ReferenceReader;
}

describe.skipIf(!isThere)(`against the reference corpus's reader${skipped}`, () => {
  it.each(BLOCK_TYPES)('$name: 64 random blocks, seed 21', async (type) => {
    const { dequant } = await referenceReader();
    const numElements = 64 * type.blockElements;
    const raw = randomRows(type, 1, numElements, seededRandom(21));
    const expected = dequant({ type: type.name, bytes: raw, n: numElements });
    expect([...dequantizeRows(type, raw, 1, numElements)]).toEqual(Array.from(expected));
  });
});

it('halves: every finite one, by its definition', () => {
  expect([0x0000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x3c01, 0x7bff, 0xc000].map(halfToNumber)).toEqual([
    0,
    2 ** -24,
    1023 * 2 ** -24,
    2 ** -14,
    1,
    1 + 2 ** -10,
    65504,
    -2,
  ]);
});

it('planes: quants and scales apart, in order, an odd last scale in half a word', () => {
  const raw = randomRows(Q8_0, 3, 32, seededRandom(22));
  const { quants, scales } = planesOf(Q8_0, raw, 3, 32);
  const bytesOf = (words: Uint32Array) => [...new Uint8Array(words.buffer)];
  const block = (i: number) => [...raw.subarray(34 * i, 34 * i + 34)];
  expect(bytesOf(quants)).toEqual([0, 1, 2].flatMap((i) => block(i).slice(2)));
  expect(bytesOf(scales)).toEqual([...[0, 1, 2].flatMap((i) => block(i).slice(0, 2)), 0, 0]);
});

it('planes: rows that are no multiple of 32 end in zeros', () => {
  const raw = randomRows(F16, 2, 33, seededRandom(23));
  const halves = new Uint16Array(planesOf(F16, raw, 2, 33).quants.buffer);
  expect(halves).toHaveLength(2 * 64);
  for (const row of [0, 1]) {
    expect(halves.subarray(row * 64, row * 64 + 33)).toEqual(new Uint16Array(raw.buffer, row * 66, 33));
    expect([...halves.subarray(row * 64 + 33, row * 64 + 64)]).toEqual(new Array(31).fill(0));
  }
});

it('planes: a field at a time, each in its plane, in the order of the file', () => {
  const raw = randomRows(Q5_0, 3, 32, seededRandom(24));
  const { quants, scales } = planesOf(Q5_0, raw, 3, 32);
  const block = (i: number) => [...raw.subarray(22 * i, 22 * i + 22)];
  expect([...new Uint8Array(quants.buffer)]).toEqual([0, 1, 2].flatMap((i) => block(i).slice(6)));
  expect([...new Uint8Array(scales.buffer)]).toEqual([...[0, 1, 2].flatMap((i) => block(i).slice(0, 6)), 0, 0]);
});

/** Bits of a weight, from the layouts in ggml's `ggml-common.h`. */
const BITS: Readonly<Record<string, number>> = {
  F32: 32,
  F16: 16,
  BF16: 16,
  Q4_0: (16 + 32 * 4) / 32,
  Q4_1: (2 * 16 + 32 * 4) / 32,
  Q5_0: (16 + 32 * 5) / 32,
  Q5_1: (2 * 16 + 32 * 5) / 32,
  Q8_0: (16 + 32 * 8) / 32,
  Q2_K: (2 * 16 + 16 * 8 + 256 * 2) / 256,
  Q3_K: (16 + 16 * 6 + 256 * 3) / 256,
  Q4_K: (2 * 16 + 16 * 6 + 256 * 4) / 256,
  Q5_K: (2 * 16 + 16 * 6 + 256 * 5) / 256,
  Q6_K: (16 + 16 * 8 + 256 * 6) / 256,
  IQ4_NL: (16 + 32 * 4) / 32,
  IQ4_XS: (16 + 8 * 6 + 256 * 4) / 256,
  MXFP4: (8 + 32 * 4) / 32,
  TQ1_0: (16 + 52 * 8) / 256,
  TQ2_0: (16 + 256 * 2) / 256,
};

it.each(BLOCK_TYPES)('$name costs as much on the GPU as in the file, in words of 16 bytes and even scales', (type) => {
  const gpuBits = ((type.quantBytes + type.scaleBytes) * 8) / type.gpuBlockElements;
  expect(gpuBits).toBe(BITS[type.name]);
  expect((type.blockBytes * 8) / type.blockElements).toBe(gpuBits);
  expect(type.quantBytes % 16).toBe(0);
  expect(type.gpuBlockElements % 32).toBe(0);
});

it.each(BLOCK_TYPES)('$name: scales of rowsPerScaleWord rows end at a word, and of fewer do not', (type) => {
  for (const rowElements of [1, 3, 5, 8].map((n) => n * type.gpuBlockElements)) {
    const rowBytes = (paddedRowElements(rowElements) / type.gpuBlockElements) * type.scaleBytes;
    const wholes = [1, 2, 3, 4].filter((rows) => (rows * rowBytes) % 4 === 0);
    expect(rowsPerScaleWord(type, rowElements)).toBe(wholes[0]);
  }
});

it('rows whose scales fill a word: 4 of MXFP4 with odd blocks, 1 where there are no scales', () => {
  expect([96, 64, 128].map((rowElements) => rowsPerScaleWord(MXFP4, rowElements))).toEqual([4, 2, 1]);
  expect(rowsPerScaleWord(Q8_0, 32)).toBe(2);
  expect(rowsPerScaleWord(Q5_K, 256)).toBe(1);
});
