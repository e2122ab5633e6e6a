/**
 * Random damage to a good header: whatever the bytes, the reader ends soon, with a file or with a LinnetError of the
 * file's own kinds, and never asks for bytes that are not there. Seeded, so that a failure can be had again.
 */
import { expect, it, vi } from 'vitest';
import { GgufWriter } from '../../../tools/fixtures/gguf-writer.ts';
import { bufferSource } from '../../cache/buffer-source.ts';
import type { LinnetErrorName } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { GgufFile } from './gguf-file.ts';
import { readGgufHeader } from './gguf-header.ts';

// A hang is what this looks for; a busy machine is not one.
vi.setConfig({ testTimeout: 60_000 });

const EXPECTED: ReadonlySet<LinnetErrorName> = new Set([
  'NotGguf',
  'UnsupportedGgufVersion',
  'GgufTruncated',
  'GgufInvalid',
  'UnsupportedTensorType',
] as const);

/** mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sample(): Uint8Array<ArrayBuffer> {
  const writer = new GgufWriter().set('general.architecture', 'string', 'llama').set('general.alignment', 'uint32', 32);
  writer.set('f', 'float64', 1.5).set('b', 'bool', true).set('u', 'uint64', 7).array('a', 'int16', [1, 2, 3]);
  writer.array('t', 'string', ['<s>', 'Ġthe', '世']).array('n', 'array', [{ type: 'uint8', values: [1, 2] }]);
  writer.tensor('token_embd.weight', 'Q8_0', [64, 3], new Uint8Array(6 * 34));
  writer.tensor('output_norm.weight', 'F32', [64], new Uint8Array(256));
  return writer.finish();
}

/** The file, or the error, if it is of the kinds that a bad file may give; else the test fails with the damage named. */
async function outcome(bytes: Uint8Array, damage: string): Promise<GgufFile | LinnetError> {
  try {
    const file = await readGgufHeader(bufferSource(bytes));
    for (const tensor of file.tensors) {
      expect(tensor.offsetBytes + tensor.sizeBytes, damage).toBeLessThanOrEqual(bytes.length);
    }
    return file;
  } catch (error) {
    if (error instanceof LinnetError && EXPECTED.has(error.name)) return error;
    throw new Error(`${damage} gave an error that is not one of a bad file`, { cause: error });
  }
}

it('survives being cut anywhere', async () => {
  const bytes = sample();
  const lastTensorEnd = bytes.length;
  for (let length = 0; length < lastTensorEnd; length++) {
    const result = await outcome(bytes.slice(0, length), `cut at ${String(length)}`);
    expect(result, `cut at ${String(length)}`).toMatchObject({ name: length === 0 ? 'NotGguf' : 'GgufTruncated' });
  }
  expect(await outcome(bytes, 'whole')).not.toBeInstanceOf(LinnetError);
});

const NASTY = [0, 1, 2, 0x7f, 0x80, 0xff] as const;

it('survives any byte of the header being replaced', async () => {
  const bytes = sample();
  const { dataOffsetBytes } = await readGgufHeader(bufferSource(bytes));
  for (let at = 0; at < dataOffsetBytes; at++) {
    for (const value of NASTY) {
      const damaged = bytes.slice();
      damaged[at] = value;
      await outcome(damaged, `byte ${String(at)} set to ${String(value)}`);
    }
  }
});

it('survives random damage, of which most is noticed', async () => {
  const bytes = sample();
  const { dataOffsetBytes } = await readGgufHeader(bufferSource(bytes));
  const random = randomOf(20240607);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const seen = new Map<string, number>();
  for (let round = 0; round < 5000; round++) {
    const damaged = bytes.slice(0, random() < 0.2 ? upTo(bytes.length) : bytes.length);
    const numChanges = 1 + upTo(4);
    for (let change = 0; change < numChanges; change++) {
      const at = upTo(Math.min(dataOffsetBytes, damaged.length));
      const kind = random();
      if (kind < 0.3) damaged.fill(upTo(256), at, at + 1 + upTo(8));
      else if (kind < 0.5) damaged.copyWithin(at, upTo(dataOffsetBytes), upTo(dataOffsetBytes));
      else damaged[at] = upTo(256);
    }
    const result = await outcome(damaged, `round ${String(round)}`);
    const name = result instanceof LinnetError ? result.name : 'read';
    seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  // The damage reaches every kind of refusal, or it would prove nothing.
  expect([...seen.keys()].sort()).toEqual([...EXPECTED, 'read'].sort());
});
