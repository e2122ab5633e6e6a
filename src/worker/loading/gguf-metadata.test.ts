/** Typed access: the value, undefined when it is missing, an error that names the key when it is of another type. */
import { describe, expect, it } from 'vitest';
import { GgufMetadata, type GgufValue } from './gguf-metadata.ts';

const ENTRIES: readonly (readonly [string, GgufValue])[] = [
  ['string', 'llama'],
  ['number', 4096],
  ['boolean', false],
  ['strings', ['a', 'b']],
  ['numbers', Float32Array.of(1, 2)],
  ['booleans', [true, false]],
  ['big', 2n ** 60n],
  ['bigArray', { kind: 'bigArray', values: BigUint64Array.of(2n ** 60n) }],
  ['nested', { kind: 'nested', values: [['a']] }],
];
const metadata = new GgufMetadata(new Map(ENTRIES), { offsets: new Map([['number', 24]]) });

const GETTERS = [
  { kind: 'string', get: (key: string) => metadata.string(key), demand: (key: string) => metadata.requireString(key) },
  { kind: 'number', get: (key: string) => metadata.number(key), demand: (key: string) => metadata.requireNumber(key) },
  {
    kind: 'boolean',
    get: (key: string) => metadata.boolean(key),
    demand: (key: string) => metadata.requireBoolean(key),
  },
  {
    kind: 'strings',
    get: (key: string) => metadata.strings(key),
    demand: (key: string) => metadata.requireStrings(key),
  },
  {
    kind: 'numbers',
    get: (key: string) => metadata.numbers(key),
    demand: (key: string) => metadata.requireNumbers(key),
  },
  {
    kind: 'booleans',
    get: (key: string) => metadata.booleans(key),
    demand: (key: string) => metadata.requireBooleans(key),
  },
] as const;

describe.each(GETTERS)('a $kind', ({ kind, get, demand }) => {
  it('is given as it is', () => {
    expect(get(kind)).toBe(new Map(ENTRIES).get(kind));
    expect(demand(kind)).toBe(new Map(ENTRIES).get(kind));
  });

  it('is undefined when missing, or an error when required', () => {
    expect(get('missing')).toBeUndefined();
    expect(() => demand('missing')).toThrow(
      expect.objectContaining({
        name: 'GgufInvalid',
        message: expect.stringContaining('"missing" is missing') as string,
      }),
    );
  });

  it.each(ENTRIES.map(([key]) => key).filter((key) => key !== kind))('is not to be had of a key with: %s', (key) => {
    const error = { name: 'GgufInvalid', message: expect.stringContaining(`"${key}"`) as string };
    expect(() => get(key)).toThrow(expect.objectContaining(error));
    expect(() => demand(key)).toThrow(expect.objectContaining(error));
  });
});

it('says where the key stands when it knows', () => {
  expect(() => metadata.string('number')).toThrow('"number" at byte 24 should hold a string but holds a number');
  expect(metadata.offsetBytes('string')).toBeUndefined();
});

it('takes an empty array for strings and for booleans, since it may be either', () => {
  const empty = new GgufMetadata(new Map([['none', []]]));
  expect(empty.strings('none')).toEqual([]);
  expect(empty.booleans('none')).toEqual([]);
});

it('says what is there', () => {
  expect(metadata.has('string')).toBe(true);
  expect(metadata.has('missing')).toBe(false);
  expect([...metadata.keys()]).toEqual(ENTRIES.map(([key]) => key));
});
