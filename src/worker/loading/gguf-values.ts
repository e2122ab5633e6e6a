/**
 * Reads the metadata of a GGUF file: keys, and values of all thirteen types. Every count and length is compared with a
 * limit and with the bytes that are left in the file before anything is made for it. It does not know what keys mean.
 *
 * Text: keys must be UTF-8. Values may hold other bytes (some converters wrote raw token bytes); those read as U+FFFD
 * and the key is listed in `malformedText`, so that a tokenizer can refuse it while an author's name stops nobody.
 * Arrays of numbers are copied as they are, since every machine with WebGPU is little-endian, as the format is.
 */
import { digits, invalidField, quoted, truncatedField } from './gguf-problem.ts';
import { GgufMetadata, type GgufNumbers, type GgufValue } from './gguf-metadata.ts';
import type { HeaderWindow } from './gguf-window.ts';

const MAX_KEY_BYTES = 65_535;
const MAX_STRING_BYTES = 16 * 1024 * 1024;
const MAX_ARRAY_LENGTH = 4 * 1024 * 1024;
const MAX_NESTING = 4;

/** By their number in the file, with the least bytes that a value takes. */
const VALUE_TYPES = [
  { name: 'uint8', minBytes: 1 },
  { name: 'int8', minBytes: 1 },
  { name: 'uint16', minBytes: 2 },
  { name: 'int16', minBytes: 2 },
  { name: 'uint32', minBytes: 4 },
  { name: 'int32', minBytes: 4 },
  { name: 'float32', minBytes: 4 },
  { name: 'bool', minBytes: 1 },
  { name: 'string', minBytes: 8 },
  { name: 'array', minBytes: 12 },
  { name: 'uint64', minBytes: 8 },
  { name: 'int64', minBytes: 8 },
  { name: 'float64', minBytes: 8 },
] as const;
type ValueType = (typeof VALUE_TYPES)[number];

/** The least bytes of a key with its value: length, one letter, type, one byte. */
export const MIN_ENTRY_BYTES = 8 + 1 + 4 + 1;

/** Reads `numEntries` keys with their values. */
export async function readMetadata(window: HeaderWindow, numEntries: number): Promise<GgufMetadata> {
  const reader = new ValueReader(window);
  const entries = new Map<string, GgufValue>();
  const offsets = new Map<string, number>();
  for (let index = 0; index < numEntries; index++) {
    const offset = window.offsetBytes;
    const key = await readName(window, `the metadata key number ${String(index)}`, MAX_KEY_BYTES);
    const field = `the metadata key ${quoted(key)}`;
    if (entries.has(key)) throw invalidField(field, offset, 'is there twice');
    offsets.set(key, offset);
    entries.set(key, await reader.read(key, field));
  }
  return new GgufMetadata(entries, { offsets, malformedText: reader.malformedText });
}

/** Reads a name that must be well-formed UTF-8 and not empty. */
export async function readName(window: HeaderWindow, field: string, maxBytes: number): Promise<string> {
  const offset = window.offsetBytes;
  await window.need(8, `the length of ${field}`);
  const lengthBytes = window.count();
  if (lengthBytes === 0) throw invalidField(field, offset, 'is empty');
  if (lengthBytes > maxBytes) throw tooLong(field, offset, `${digits(lengthBytes)} bytes`, String(maxBytes));
  await window.need(lengthBytes, field);
  const { text, wellFormed } = window.text(lengthBytes);
  if (!wellFormed) throw invalidField(field, offset, 'is not well-formed UTF-8');
  return text;
}

class ValueReader {
  readonly malformedText = new Set<string>();
  readonly #window: HeaderWindow;

  constructor(window: HeaderWindow) {
    this.#window = window;
  }

  /** The type and the value of `key`. */
  async read(key: string, field: string): Promise<GgufValue> {
    const type = await this.#type(`the type of ${field}`);
    return this.#value(type, key, field, 0);
  }

  async #type(field: string): Promise<ValueType> {
    const offset = this.#window.offsetBytes;
    await this.#window.need(4, field);
    const id = this.#window.u32();
    const type = VALUE_TYPES[id];
    if (type === undefined) throw invalidField(field, offset, `is ${String(id)}, but types go from 0 to 12`);
    return type;
  }

  async #value(type: ValueType, key: string, field: string, depth: number): Promise<GgufValue> {
    const window = this.#window;
    if (type.name === 'array') return this.#array(key, field, depth);
    if (type.name === 'string') return this.#string(key, field);
    await window.need(type.minBytes, field);
    switch (type.name) {
      case 'uint8':
        return window.u8();
      case 'int8':
        return window.i8();
      case 'uint16':
        return window.u16();
      case 'int16':
        return window.i16();
      case 'uint32':
        return window.u32();
      case 'int32':
        return window.i32();
      case 'float32':
        return window.f32();
      case 'float64':
        return window.f64();
      case 'bool':
        return this.#boolean(field);
      case 'uint64':
        return exactIfSafe(window.u64());
      case 'int64':
        return exactIfSafe(window.i64());
    }
  }

  #boolean(field: string): boolean {
    const offset = this.#window.offsetBytes;
    const byte = this.#window.u8();
    if (byte > 1) throw invalidField(field, offset, `should be true or false, 1 or 0, but is ${String(byte)}`);
    return byte === 1;
  }

  async #string(key: string, field: string): Promise<string> {
    await this.#window.need(8, `the length of ${field}`);
    const lengthBytes = this.#window.count();
    if (!this.#window.has(lengthBytes)) await this.#loadString(lengthBytes, field);
    return this.#text(key, lengthBytes);
  }

  async #loadString(lengthBytes: number, field: string): Promise<void> {
    if (lengthBytes > MAX_STRING_BYTES) {
      const offset = this.#window.offsetBytes - 8;
      throw tooLong(field, offset, `${digits(lengthBytes)} bytes`, String(MAX_STRING_BYTES));
    }
    await this.#window.load(lengthBytes, field);
  }

  #text(key: string, lengthBytes: number): string {
    const { text, wellFormed } = this.#window.text(lengthBytes);
    if (!wellFormed) this.malformedText.add(key);
    return text;
  }

  async #array(key: string, field: string, depth: number): Promise<GgufValue> {
    const window = this.#window;
    const offset = window.offsetBytes;
    if (depth === MAX_NESTING) throw invalidField(field, offset, `has arrays more than ${String(MAX_NESTING)} deep`);
    const type = await this.#type(`the element type of ${field}`);
    await window.need(8, `the length of ${field}`);
    const length = window.count();
    if (length > MAX_ARRAY_LENGTH) throw tooLong(field, offset, `${digits(length)} elements`, String(MAX_ARRAY_LENGTH));
    const minBytes = length * type.minBytes;
    if (minBytes > window.remainingBytes) {
      throw truncatedField(field, window.offsetBytes, minBytes, window.fileSizeBytes);
    }
    if (type.name === 'string') return this.#strings(key, length, field);
    if (type.name === 'array') return this.#nested(key, length, field, depth + 1);
    if (type.name === 'bool') return this.#booleans(length, field);
    if (type.name === 'uint64') return exactIfAllSafe(await filled(window, new BigUint64Array(length), field));
    if (type.name === 'int64') return exactIfAllSafe(await filled(window, new BigInt64Array(length), field));
    return filled(window, numbersOf(type.name, length), field);
  }

  async #strings(key: string, length: number, field: string): Promise<readonly string[]> {
    const window = this.#window;
    const values: string[] = [];
    for (let index = 0; index < length; index++) {
      if (!window.has(8)) await window.load(8, `the length of element ${String(index)} of ${field}`);
      const lengthBytes = window.count();
      if (!window.has(lengthBytes)) await this.#loadString(lengthBytes, `element ${String(index)} of ${field}`);
      values.push(this.#text(key, lengthBytes));
    }
    return values;
  }

  async #booleans(length: number, field: string): Promise<readonly boolean[]> {
    const values: boolean[] = [];
    for (let index = 0; index < length; index++) {
      if (!this.#window.has(1)) await this.#window.load(1, field);
      values.push(this.#boolean(field));
    }
    return values;
  }

  async #nested(key: string, length: number, field: string, depth: number): Promise<GgufValue> {
    const values: GgufValue[] = [];
    for (let index = 0; index < length; index++) {
      values.push(await this.#array(key, `element ${String(index)} of ${field}`, depth));
    }
    return { kind: 'nested', values };
  }
}

async function filled<T extends GgufNumbers | BigUint64Array | BigInt64Array>(
  window: HeaderWindow,
  values: T,
  field: string,
): Promise<T> {
  await window.copyTo(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), field);
  return values;
}

type PlainNumberName = Exclude<ValueType['name'], 'bool' | 'string' | 'array' | 'uint64' | 'int64'>;

function numbersOf(name: PlainNumberName, length: number): GgufNumbers {
  switch (name) {
    case 'uint8':
      return new Uint8Array(length);
    case 'int8':
      return new Int8Array(length);
    case 'uint16':
      return new Uint16Array(length);
    case 'int16':
      return new Int16Array(length);
    case 'uint32':
      return new Uint32Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
  }
}

function isSafe(value: bigint): boolean {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
}

function exactIfSafe(value: bigint): number | bigint {
  return isSafe(value) ? Number(value) : value;
}

function exactIfAllSafe(values: BigUint64Array | BigInt64Array): GgufValue {
  const exact = new Float64Array(values.length);
  let index = 0;
  for (const value of values) {
    if (!isSafe(value)) return { kind: 'bigArray', values };
    exact[index++] = Number(value);
  }
  return exact;
}

function tooLong(field: string, offsetBytes: number, length: string, limit: string): Error {
  return invalidField(field, offsetBytes, `claims a length of ${length}, more than the ${limit} that are allowed`);
}
