/**
 * A file of a gigabyte on its way to the GPU: what JavaScript holds meanwhile stays far below the file's size, for every
 * slice is let go as it is repacked. The file's weights are all zero bytes, and the buffers that they are written to are
 * four bytes each: Dawn's null backend, which plans the model, has no gigabyte, and here only the host's memory counts.
 */
import { expect, it } from 'vitest';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { syntheticModel } from '../../../tools/fixtures/synthetic-model.ts';
import { openDawn } from '../../../tools/node/dawn.ts';
import type { ByteSource } from '../../cache/byte-source.ts';
import { Gpu } from '../gpu/gpu.ts';
import { openAdapter } from '../gpu/open.ts';
import { planModel } from '../model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../model/sizes.ts';
import { WeightStore } from '../model/weight-store.ts';
import { readGgufHeader } from './gguf-header.ts';

const GIGABYTE = 1e9;
const MAX_HELD_BYTES = 200e6;
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

class SmallBuffers extends Gpu {
  override createStorage(label: string): GPUBuffer {
    return super.createStorage(label, 4);
  }
}

/** Bytes that JavaScript holds, garbage that is not yet collected included. */
function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('a gigabyte of weights is never in memory as a whole', { timeout: 300_000 }, async () => {
  const described = syntheticModel(SHAPE, { type: 'Q4_0', seed: 1 });
  const file = await readGgufHeader(described);
  const firstWeight = Math.min(...file.tensors.map(({ offsetBytes }) => offsetBytes));
  let numRead = 0;
  let largest = 0;
  const source: ByteSource = {
    sizeBytes: described.sizeBytes,
    read(offsetBytes, lengthBytes) {
      expect(offsetBytes).toBeGreaterThanOrEqual(firstWeight);
      numRead += lengthBytes;
      largest = Math.max(largest, heldBytes());
      return Promise.resolve(new Uint8Array(lengthBytes));
    },
  };
  const { adapter } = await openDawn({ adapter: 'null' });
  const { device, adapter: description, limits } = await openAdapter(adapter, { defaultLimits: true });
  const gpu = new SmallBuffers(device, description, limits);
  let numWritten = 0;
  Object.defineProperty(device.queue, 'writeBuffer', {
    value: (_buffer: GPUBuffer, _offset: number, data: ArrayBufferView) => (numWritten += data.byteLength),
  });
  const plan = planModel(file, gpu, { ...DEFAULT_SIZE_OPTIONS, contextLength: 256, cacheTokens: 256, kvLayout: 'f16' });

  const before = heldBytes();
  await new WeightStore(gpu, plan.weights.weights).fill({ gpu, source, written: { numBytes: 0 } });
  device.destroy();

  expect(described.sizeBytes).toBeGreaterThan(GIGABYTE);
  expect(numRead).toBeGreaterThan(0.99 * GIGABYTE);
  expect(numWritten).toBeGreaterThan(0.99 * GIGABYTE);
  expect(largest - before).toBeLessThan(MAX_HELD_BYTES);
});
