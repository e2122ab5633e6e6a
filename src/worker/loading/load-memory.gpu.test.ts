/**
 * A file of a gigabyte on its way from the network through the store to the GPU: what JavaScript holds meanwhile stays far below the
 * file's size, for every piece is let go as it is stored, and every slice as it is repacked. The weights are all zero bytes. The
 * server is a function, and what the store keeps is made anew when it is read, since a disk is no memory; the buffers that weights
 * are written to are four bytes each: Dawn's null backend, which plans the model, has no gigabyte, and here only the host's memory counts.
 */
import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { syntheticModel } from '../../../tools/fixtures/synthetic-model.ts';
import { openDawn } from '../../../tools/node/dawn.ts';
import type { ByteSource } from '../../cache/byte-source.ts';
import { platformHost } from '../../cache/host.ts';
import { CHUNK_BYTES } from '../../cache/layout.ts';
import { withChunk, type Manifest } from '../../cache/manifest.ts';
import { ModelStore } from '../../cache/model-store.ts';
import { openModel, type CacheDeps } from '../../cache/open-model.ts';
import { Gpu } from '../gpu/gpu.ts';
import { openAdapter } from '../gpu/open.ts';
import { planModel } from '../model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../model/sizes.ts';
import { WeightStore } from '../model/weight-store.ts';
import { readGgufHeader } from './gguf-header.ts';

const GIGABYTE = 1e9;
const MAX_HELD_BYTES = 200e6;
/** What the download may hold beside that: chunks being filled, and chunks that wait for the store or for a reader. */
const WINDOW_BYTES = 8 * CHUNK_BYTES;
const SHAPE = {
  ...TINY_SHAPE,
  hiddenSize: 2048,
  numLayers: 27,
  numHeads: 32,
  numKvHeads: 32,
  headDim: 64,
  ffnSize: 8192,
  vocabSize: 16384,
};

/** The most bytes that were held at once, garbage that is not yet collected included. */
class HighWater {
  readonly #before: number;
  /** Blobs on their way to the store: Node counts them nowhere. */
  blobBytes = 0;
  most = 0;

  constructor() {
    this.#before = jsBytes();
  }

  look(): void {
    this.most = Math.max(this.most, jsBytes() - this.#before + this.blobBytes);
  }
}

function jsBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The file's header, and zeros. */
class ZeroFile {
  readonly #header: Uint8Array;
  readonly sizeBytes: number;

  private constructor(header: Uint8Array, sizeBytes: number) {
    this.#header = header;
    this.sizeBytes = sizeBytes;
  }

  static async create(): Promise<ZeroFile> {
    const described = syntheticModel(SHAPE, { type: 'Q4_0', seed: 1 });
    const { tensors } = await readGgufHeader(described);
    const firstWeight = Math.min(...tensors.map(({ offsetBytes }) => offsetBytes));
    return new ZeroFile(await described.read(0, firstWeight), described.sizeBytes);
  }

  bytes(start: number, end: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(end - start);
    if (start < this.#header.length) out.set(this.#header.subarray(start, end));
    return out;
  }
}

const PIECE_BYTES = 64 * 1024;

/** A server that knows ranges, as far as it is asked: bytes are made as they are taken. */
function serverOf(file: ZeroFile, water: HighWater) {
  const served = { numBytes: 0 };
  const fetch = (_url: string, init: RequestInit): Promise<Response> => {
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init.headers).get('Range') ?? '') ?? [];
    const [start, end] = [Number(from), Math.min(Number(to) + 1, file.sizeBytes)];
    let at = start;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const next = Math.min(at + PIECE_BYTES, end);
        controller.enqueue(file.bytes(at, next));
        served.numBytes += next - at;
        at = next;
        water.look();
        if (at === end) controller.close();
      },
    });
    const range = `bytes ${from}-${String(end - 1)}/${String(file.sizeBytes)}`;
    const headers = { 'Content-Range': range, 'Content-Length': String(end - start), ETag: '"one"' };
    return Promise.resolve(new Response(body, { status: 206, headers }));
  };
  return { fetch, served };
}

/** Remembers which chunks it has, and takes them one after the other, each as long as a disk might. */
class DiskStore extends ModelStore {
  readonly #file: ZeroFile;
  readonly #water: HighWater;
  readonly #putMs: number;
  #idle: Promise<unknown> = Promise.resolve();

  constructor(file: ZeroFile, water: HighWater, putMs: number) {
    super(`memory-${crypto.randomUUID()}`);
    this.#file = file;
    this.#water = water;
    this.#putMs = putMs;
  }

  override async putChunk(of: Manifest, index: number, bytes: Blob): Promise<boolean> {
    this.#water.blobBytes += bytes.size;
    this.#water.look();
    this.#idle = this.#idle.then(() => new Promise((resolve) => setTimeout(resolve, this.#putMs)));
    await this.#idle;
    this.#water.blobBytes -= bytes.size;
    return this.update(of.id, (manifest) => withChunk(manifest, index, true));
  }

  override chunk({ sizeBytes, chunkBytes }: Manifest, index: number): Promise<Blob> {
    const start = index * chunkBytes;
    const blob = new Blob([this.#file.bytes(start, Math.min(start + chunkBytes, sizeBytes))]);
    this.#water.look();
    return Promise.resolve(blob);
  }
}

class SmallBuffers extends Gpu {
  override createStorage(label: string): GPUBuffer {
    return super.createStorage(label, 4);
  }
}

/** Reads the header and uploads all weights. Returns the bytes that were written. */
async function upload(source: ByteSource): Promise<number> {
  const { adapter } = await openDawn({ adapter: 'null' });
  const { device, adapter: description, limits } = await openAdapter(adapter, { defaultLimits: true });
  const gpu = new SmallBuffers(device, description, limits);
  let numWritten = 0;
  Object.defineProperty(device.queue, 'writeBuffer', {
    value: (_buffer: GPUBuffer, _offset: number, data: ArrayBufferView) => (numWritten += data.byteLength),
  });
  const file = await readGgufHeader(source);
  const plan = planModel(file, gpu, { ...DEFAULT_SIZE_OPTIONS, contextLength: 256, cacheTokens: 256, kvLayout: 'f16' });
  await new WeightStore(gpu, plan.weights.weights).fill({ gpu, source, written: { numBytes: 0 } });
  device.destroy();
  return numWritten;
}

async function load(file: ZeroFile, options: { readonly keep: boolean; readonly putMs?: number }) {
  const water = new HighWater();
  const { fetch, served } = serverOf(file, water);
  const store = new DiskStore(file, water, options.putMs ?? 0);
  const deps: CacheDeps = { host: { ...platformHost(), fetch }, store, storage: {} };
  const model = await openModel({ kind: 'url', url: 'http://127.0.0.1/model.gguf' }, { keep: options.keep }, deps);
  const numWritten = await upload(model.source);
  await model.done;
  await model.close();
  return { numWritten, numServed: served.numBytes, most: water.most };
}

describe('a gigabyte of weights is never in memory as a whole', { timeout: 300_000 }, () => {
  it.for([
    ['downloaded, stored and uploaded', { keep: true }],
    ['downloaded faster than the store takes it', { keep: true, putMs: 20 }],
    ['downloaded and uploaded, but not kept', { keep: false }],
  ] as const)('%s', async ([, options]) => {
    const file = await ZeroFile.create();
    expect(file.sizeBytes).toBeGreaterThan(GIGABYTE);
    const { numWritten, numServed, most } = await load(file, options);
    expect(numWritten).toBeGreaterThan(0.99 * GIGABYTE);
    expect(numServed).toBeGreaterThanOrEqual(file.sizeBytes);
    expect(numServed).toBeLessThan(1.05 * file.sizeBytes);
    expect(most).toBeLessThan(WINDOW_BYTES + MAX_HELD_BYTES);
  });
});
