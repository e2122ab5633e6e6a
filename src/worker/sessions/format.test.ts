/** What is written is read back; what is damaged, or made up behind a right checksum, is refused by name. */
import { describe, expect, it } from 'vitest';
import { bufferSource } from '../../cache/buffer-source.ts';
import { clearSlots } from '../model/cache-spans.ts';
import { tokenId, type TokenClass } from '../tokens.ts';
import { beginSession, readSession, sealSession } from './format.ts';
import type { SessionHeader } from './header.ts';

const NUM_TOKENS = 41;
const HEADER: SessionHeader = {
  fingerprint: 'abc',
  modelName: 'Füller',
  device: 'here',
  note: '{"a":1}',
  kvType: 'f16',
  precision: 'exact',
  layers: [
    { index: 0, blockBytes: 64, hadamard: 1, windowed: false },
    { index: 2, blockBytes: 128, hadamard: 1, windowed: true },
  ],
  stateBytes: 24,
  numTokens: NUM_TOKENS,
  numComputed: 40,
  firstWindowBlock: 1,
  hasState: true,
  text: 'Grüße 🌍',
  numTextTokens: 40,
  numDroppedTurns: 2,
  numPromptTokens: 30,
  stop: ['\nUser:'],
  isPlain: true,
  sampling: { temperature: 0.5, logitBias: { 7: -3 }, seed: 9 },
};
const TOKENS = Array.from({ length: NUM_TOKENS }, (_, i) => tokenId(i * 1000));
const CLASSES = TOKENS.map((_, i): TokenClass => (i < 30 ? 'prompt' : 'generated'));

async function sessionOf(header: object = HEADER): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, cache } = beginSession(header as SessionHeader, { tokens: TOKENS, classes: CLASSES });
  cache.forEach((_, i) => (cache[i] = i % 251));
  await sealSession(bytes);
  return bytes;
}

const read = (bytes: Uint8Array) => readSession(bufferSource(bytes));
const problemOf = (bytes: Uint8Array) =>
  read(bytes).then(
    () => 'none',
    (error: unknown) => String(error),
  );

describe('a session', () => {
  it('is read as it was written', async () => {
    const bytes = await sessionOf();
    const { header, tokens, classes, cacheOffsetBytes } = await read(bytes);
    expect(header).toEqual(HEADER);
    expect([tokens, classes]).toEqual([TOKENS, CLASSES]);
    // The state; two blocks of the first layer and one of the second, keys and values.
    expect(bytes.length - 32 - cacheOffsetBytes).toBe(24 + 2 * (2 * 64 + 128));
    expect([...bytes.subarray(cacheOffsetBytes, cacheOffsetBytes + 3)]).toEqual([0, 1, 2]);
  });

  it('is refused where any bit of it is another, and at any other length', async () => {
    const bytes = await sessionOf();
    for (let at = 0; at < bytes.length; at += 7) {
      const flipped = bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte));
      expect(await problemOf(flipped)).toMatch(/^SessionInvalid: /);
    }
    for (const length of [0, 15, 47, 48, 200, bytes.length - 1])
      expect(await problemOf(bytes.subarray(0, length))).toMatch(/^SessionInvalid: /);
    expect(await problemOf(new Uint8Array([...bytes, 0]))).toMatch(/^SessionInvalid: /);
  });

  it.each([
    ['numTokens', 0],
    ['numTokens', 42],
    ['numComputed', 41],
    ['numComputed', 1.5],
    ['firstWindowBlock', 3],
    ['numPromptTokens', -1],
    ['hasState', 'yes'],
    ['layers', {}],
    ['layers', [{ index: 0 }]],
    ['sampling', []],
    ['stop', ['']],
    ['text', 5],
    ['fingerprint', undefined],
    ['stateBytes', 1e300],
  ])('is refused with a %s of %j, whatever its checksum', async (name, value) => {
    const bytes = await sessionOf();
    // Made up in place: the header keeps its length.
    const old = JSON.stringify(HEADER);
    const made = JSON.stringify({ ...HEADER, [name]: value });
    const start = 16;
    const numBytes = new DataView(bytes.buffer).getUint32(8, true);
    const room = numBytes - new TextEncoder().encode(old).length;
    const json = new TextEncoder().encode(made);
    if (json.length > numBytes) throw new Error(`no room for it: ${String(room)}`);
    bytes.fill(0x20, start, start + numBytes).set(json, start);
    await sealSession(bytes);
    expect(await problemOf(bytes)).toMatch(/^SessionInvalid: /);
  });
});

it('holds nothing of the slots behind its last token', () => {
  const shape = { numKvHeads: 2, headDim: 32 };
  const f16 = new Uint8Array(2 * 32 * 64).fill(1);
  clearSlots(f16, 'f16', shape, 5);
  expect([f16[5 * 64 - 1], f16[5 * 64], f16[32 * 64 - 1], f16[32 * 64]]).toEqual([1, 0, 0, 1]);
  expect(f16.reduce((sum, byte) => sum + byte, 0)).toBe(2 * 5 * 64);
  // Quants of a head's slots, then their scales.
  const q8 = new Uint8Array(2 * 32 * 36).fill(1);
  clearSlots(q8, 'q8_0', shape, 5);
  expect([q8[5 * 32 - 1], q8[5 * 32], q8[32 * 32], q8[32 * 32 + 5 * 4]]).toEqual([1, 0, 1, 0]);
  expect(q8.reduce((sum, byte) => sum + byte, 0)).toBe(2 * 5 * 36);
});
