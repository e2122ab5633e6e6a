/**
 * Bad files, made here byte by byte: each is refused by its own name, with the field and the byte in the message, and
 * before anything is allocated for what it claims. A meter counts what each refusal costs; the last test shows that
 * the meter would notice.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FOREIGN } from '../../../tools/fixtures/foreign-files.ts';
import { HEAD, METADATA, TENSORS } from '../../../tools/fixtures/malformed-gguf.ts';
import { GgufWriter } from '../../../tools/fixtures/gguf-writer.ts';
import type { ByteSource } from '../../cache/byte-source.ts';
import { LinnetError } from '../errors.ts';
import { readGgufHeader } from './gguf-header.ts';

const LIMIT_BYTES = 1_000_000;

/** What a refusal costs: bytes asked of the source, bytes of typed arrays made, highest growth of heap and buffers. */
interface Cost {
  requestedBytes: number;
  arrayBytes: number;
  peakBytes: number;
}

const ARRAY_CLASSES = [
  'ArrayBuffer', 'Uint8Array', 'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array',
  'Float32Array', 'Float64Array', 'BigUint64Array', 'BigInt64Array',
] as const; // prettier-ignore

setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

function collectGarbage(): void {
  if (typeof gc === 'function') Reflect.apply(gc, undefined, []);
}

function constructed(target: new (...values: never[]) => unknown, values: unknown[]): { readonly byteLength: number } {
  const made: unknown = Reflect.construct(target, values);
  if (made instanceof ArrayBuffer || ArrayBuffer.isView(made)) return made;
  throw new Error('This is no class of arrays.');
}

function memoryBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Buffers are freed behind the collector's back: collects until nothing more goes. */
async function settleMemory(): Promise<void> {
  let last = Infinity;
  for (let quiet = 0; quiet < 3;) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = memoryBytes();
    quiet = now < last - 10_000 ? 0 : quiet + 1;
    last = Math.min(last, now);
  }
}

/** Runs `action` on the source with every constructor of typed arrays under watch. */
async function metered(source: ByteSource, action: (source: ByteSource) => Promise<unknown>): Promise<[unknown, Cost]> {
  const cost: Cost = { requestedBytes: 0, arrayBytes: 0, peakBytes: 0 };
  let before = Infinity;
  const measure = (): void => {
    cost.peakBytes = Math.max(cost.peakBytes, memoryBytes() - before);
  };
  const watched: ByteSource = {
    sizeBytes: source.sizeBytes,
    read: (offset, length, signal) => {
      measure();
      cost.requestedBytes += length;
      return source.read(offset, length, signal);
    },
  };
  for (const name of ARRAY_CLASSES) {
    const watchedClass = new Proxy(globalThis[name], {
      construct: (target, values: unknown[]) => {
        const made = constructed(target, values);
        if (!(values[0] instanceof ArrayBuffer)) cost.arrayBytes += made.byteLength;
        // Here, too: between two reads the collector may already have taken what was made.
        if (made.byteLength > 65536) measure();
        return made;
      },
    });
    vi.stubGlobal(name, watchedClass);
  }
  await settleMemory();
  before = memoryBytes();
  const outcome = await action(watched).catch((error: unknown) => error);
  measure();
  vi.unstubAllGlobals();
  return [outcome, cost];
}

/** A file whose bytes after `head` are zeros, as large as it claims. */
function paddedSource(head: Uint8Array, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    read: (offset, length) => {
      const part = new Uint8Array(length);
      part.set(head.subarray(offset, offset + length));
      return Promise.resolve(part);
    },
  };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([
  ['of another kind', FOREIGN],
  ['with a bad head', HEAD],
  ['with bad metadata', METADATA],
  ['with bad tensors', TENSORS],
] as const)('a file %s', (_, cases) => {
  it.each(cases)('is refused: $what', async ({ bytes, sizeBytes, name, message }) => {
    const file = bytes.finish();
    const source = paddedSource(file, sizeBytes ?? file.length);
    const [error, cost] = await metered(source, (watched) => readGgufHeader(watched));
    expect(error).toBeInstanceOf(LinnetError);
    expect(error).toMatchObject({ name, message: expect.stringMatching(message) as string });
    expect(cost.requestedBytes).toBeLessThan(LIMIT_BYTES);
    expect(cost.arrayBytes).toBeLessThan(LIMIT_BYTES);
    expect(cost.peakBytes).toBeLessThan(LIMIT_BYTES);
  });
});

/**
 * The arrays are there in full and are read; only then comes what is wrong. A function of its own, so that what was made
 * on the way is garbage before the meter starts: collected later, it would hide what the reading takes.
 */
function costlyFile(): Uint8Array {
  const writer = new GgufWriter().array('numbers', 'float32', new Array<number>(500_000).fill(1));
  writer.array('strings', 'string', new Array<string>(100_000).fill('word'));
  return writer.set('general.alignment', 'uint32', 3).finish();
}

it('would notice a refusal that costs too much', async () => {
  const file = costlyFile();
  const [error, cost] = await metered(paddedSource(file, file.length), (watched) => readGgufHeader(watched));
  expect(error).toMatchObject({ name: 'GgufInvalid' });
  expect(cost.requestedBytes).toBeGreaterThan(LIMIT_BYTES);
  expect(cost.arrayBytes).toBeGreaterThan(LIMIT_BYTES);
  expect(cost.peakBytes).toBeGreaterThan(LIMIT_BYTES);
});
