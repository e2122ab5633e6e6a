/** The decoder against the platform's, on every short string of two bytes and on characters of every length. */
import { expect, it } from 'vitest';
import { Utf8Decoder } from './utf8.ts';

const decoder = new Utf8Decoder();

function platform(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

it('agrees with TextDecoder on all pairs of bytes', () => {
  const wrong: string[] = [];
  for (let pair = 0; pair < 65_536; pair++) {
    const bytes = Uint8Array.of(pair >> 8, pair & 255);
    if (decoder.strict(bytes, 0, 2) !== platform(bytes)) wrong.push(pair.toString(16));
  }
  expect(wrong).toEqual([]);
});

it.each([
  '',
  'a',
  'Ġthe',
  '\0',
  '\ufeff',
  '\ufeffa',
  'é'.repeat(12),
  'é'.repeat(13),
  '世界',
  '🐦🐦🐦',
  'x'.repeat(1000),
])('decodes %j from the middle of other bytes', (text) => {
  const encoded = new TextEncoder().encode(text);
  const bytes = Uint8Array.of(0xff, ...encoded, 0x80);
  expect(decoder.strict(bytes, 1, 1 + encoded.length)).toBe(text);
  expect(decoder.lenient(bytes, 1, 1 + encoded.length)).toBe(text);
});

it('does not take half a character for a whole one', () => {
  expect(decoder.strict(Uint8Array.of(0x61, 0xc4), 0, 2)).toBeUndefined();
  expect(decoder.strict(Uint8Array.of(0xc4, 0xa0), 0, 1)).toBeUndefined();
  expect(decoder.lenient(Uint8Array.of(0x61, 0xc4), 0, 2)).toBe('a\ufffd');
});
