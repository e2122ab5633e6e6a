/**
 * The metadata of a GGUF file as the rest of the runtime reads it: by key, with the type the reader expects. A key that
 * is missing is `undefined` (or, with `require`, an error); a key of another type is always an error, and both errors
 * name the key. It does not know which keys mean what.
 */
import { LinnetError } from '../errors.ts';
import { quoted } from './gguf-problem.ts';

/** Numbers of an array as the file has them; 64-bit integers become doubles when all are exact. */
export type GgufNumbers =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** 64-bit integers of which at least one is no exact double; or an array of arrays. */
export type GgufOpaque =
  | { readonly kind: 'bigArray'; readonly values: BigUint64Array | BigInt64Array }
  | { readonly kind: 'nested'; readonly values: readonly GgufValue[] };

export type GgufValue =
  string | number | bigint | boolean | readonly string[] | readonly boolean[] | GgufNumbers | GgufOpaque;

/** What is known of metadata that came from a file. */
export interface MetadataOrigin {
  readonly offsets?: ReadonlyMap<string, number>;
  readonly malformedText?: ReadonlySet<string>;
}

export class GgufMetadata {
  readonly #entries: ReadonlyMap<string, GgufValue>;
  readonly #offsets: ReadonlyMap<string, number>;
  /** Keys whose text held bytes that are no UTF-8; they read as U+FFFD. */
  readonly malformedText: ReadonlySet<string>;

  constructor(entries: ReadonlyMap<string, GgufValue>, origin: MetadataOrigin = {}) {
    this.#entries = entries;
    this.#offsets = origin.offsets ?? new Map();
    this.malformedText = origin.malformedText ?? new Set();
  }

  /** Where in the file the key stands; undefined when it is missing, or the metadata came from no file. */
  offsetBytes(key: string): number | undefined {
    return this.#offsets.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** In the order of the file. */
  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** The value as it is, for those who show metadata and do not use it. */
  raw(key: string): GgufValue | undefined {
    return this.#entries.get(key);
  }

  string(key: string): string | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#wrongType(key, value, 'a string');
  }

  /** Of any integer or floating-point type; an integer that is no exact double is an error. */
  number(key: string): number | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || typeof value === 'number') return value;
    throw this.#wrongType(key, value, 'a number');
  }

  boolean(key: string): boolean | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.#wrongType(key, value, 'true or false');
  }

  strings(key: string): readonly string[] | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || isStrings(value)) return value;
    throw this.#wrongType(key, value, 'an array of strings');
  }

  numbers(key: string): GgufNumbers | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || isNumbers(value)) return value;
    throw this.#wrongType(key, value, 'an array of numbers');
  }

  booleans(key: string): readonly boolean[] | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || isBooleans(value)) return value;
    throw this.#wrongType(key, value, 'an array of true or false');
  }

  requireString(key: string): string {
    return required(key, this.string(key));
  }
  requireNumber(key: string): number {
    return required(key, this.number(key));
  }
  requireBoolean(key: string): boolean {
    return required(key, this.boolean(key));
  }
  requireStrings(key: string): readonly string[] {
    return required(key, this.strings(key));
  }
  requireNumbers(key: string): GgufNumbers {
    return required(key, this.numbers(key));
  }
  requireBooleans(key: string): readonly boolean[] {
    return required(key, this.booleans(key));
  }

  #wrongType(key: string, value: GgufValue, expected: string): LinnetError {
    const offset = this.#offsets.get(key);
    const at = offset === undefined ? '' : ` at byte ${String(offset)}`;
    return new LinnetError(
      'GgufInvalid',
      `The metadata key ${quoted(key)}${at} should hold ${expected} but holds ${describe(value)}. ` +
        'Take another file of this model.',
    );
  }
}

function isStrings(value: GgufValue): value is readonly string[] {
  return Array.isArray(value) && (value.length === 0 || typeof value[0] === 'string');
}

function isBooleans(value: GgufValue): value is readonly boolean[] {
  return Array.isArray(value) && (value.length === 0 || typeof value[0] === 'boolean');
}

function isNumbers(value: GgufValue): value is GgufNumbers {
  return ArrayBuffer.isView(value);
}

function required<T>(key: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new LinnetError(
    'GgufInvalid',
    `The metadata key ${quoted(key)} is missing. The file cannot be used without it: take another file of this model.`,
  );
}

function describe(value: GgufValue): string {
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'true or false';
  if (typeof value === 'bigint') return `an integer too large to be exact, ${String(value)}`;
  if (isNumbers(value)) return `an array of ${String(value.length)} numbers`;
  if (isStrings(value)) return `an array of ${String(value.length)} strings`;
  if (isBooleans(value)) return `an array of ${String(value.length)} of true or false`;
  return value.kind === 'nested' ? 'an array of arrays' : 'integers too large to be exact';
}
