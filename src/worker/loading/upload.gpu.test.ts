/**
 * What goes to the GPU for matrices that a file keeps in another order than kernels want them: gate and up of every expert in one
 * tensor become what they would be as tensors of their own, cut anywhere. On Dawn's null backend; what is written is caught.
 */
import { describe, expect, it } from 'vitest';
import { openDawn } from '../../../tools/node/dawn.ts';
import { bufferSource } from '../../cache/buffer-source.ts';
import type { ByteSource } from '../../cache/byte-source.ts';
import { seededRandom, wholeBelow } from '../../shaders/testing/values.ts';
import { Gpu, type PlanningLimits } from '../gpu/gpu.ts';
import { openAdapter } from '../gpu/open.ts';
import { TensorPlanner } from '../model/tensors.ts';
import { ggmlTypeNamed } from './ggml-types.ts';
import type { GgufFile, TensorInfo } from './gguf-file.ts';
import { GgufMetadata } from './gguf-metadata.ts';
import { allocateMatrix, uploadMatrix } from './upload.ts';

const ROW = 64;
const NUM_EXPERTS = 5;
const FFN = 24;
const ROW_BYTES = (ROW / 32) * 18; // Q4_0
const LIMITS = { maxBindingBytes: 2 ** 27, maxBufferBytes: 2 ** 28 };

function fileOf(shapes: Readonly<Record<string, readonly number[]>>, typeName: string): GgufFile {
  const type = ggmlTypeNamed(typeName);
  if (type === undefined) throw new Error(`no type ${typeName}`);
  const tensors: TensorInfo[] = [];
  let sizeBytes = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const numElements = shape.reduce((product, n) => product * n, 1);
    const tensorBytes = (numElements / type.blockElements) * type.blockBytes;
    tensors.push({ name, type: type.id, typeName, shape, offsetBytes: sizeBytes, sizeBytes: tensorBytes });
    sizeBytes += tensorBytes;
  }
  const metadata = new GgufMetadata(new Map());
  return { version: 3, metadata, tensors, dataOffsetBytes: 0, alignment: 32, sizeBytes };
}

const stack = (rows: number) => [ROW, rows, NUM_EXPERTS];

const FUSED = fileOf({ 'gate_up.weight': stack(2 * FFN) }, 'Q4_0');
const APART = fileOf({ 'gate.weight': [ROW, FFN * NUM_EXPERTS], 'up.weight': [ROW, FFN * NUM_EXPERTS] }, 'Q4_0');

/** Shards as they are on the GPU in the end, and the places of the file that were read, in turn. */
async function uploaded(file: GgufFile, bytes: Uint8Array, limits: PlanningLimits, names: StackNames) {
  const planner = new TensorPlanner(file, limits, false);
  const pair = planner.pair(...names(planner), ROW, FFN * NUM_EXPERTS);
  if (pair.kind !== 'paired') throw new Error('not paired');
  const { adapter } = await openDawn({ adapter: 'null' });
  const opened = await openAdapter(adapter, { defaultLimits: true });
  const gpu = new Gpu(opened.device, opened.adapter, opened.limits);
  const written = new Map<GPUBuffer, Uint8Array>();
  Object.defineProperty(opened.device.queue, 'writeBuffer', {
    value: (buffer: GPUBuffer, offset: number, data: Uint8Array) => {
      expect(offset % 4).toBe(0);
      const whole = written.get(buffer) ?? new Uint8Array(buffer.size);
      whole.set(data, offset);
      written.set(buffer, whole);
    },
  });
  const source = bufferSource(bytes);
  const offsets: number[] = [];
  const watched: ByteSource = {
    sizeBytes: source.sizeBytes,
    read(offsetBytes, lengthBytes, signal) {
      offsets.push(offsetBytes);
      return source.read(offsetBytes, lengthBytes, signal);
    },
  };
  const matrix = allocateMatrix(gpu, pair.matrix.plan);
  await uploadMatrix({ gpu, source: watched, written: { numBytes: 0 } }, matrix, pair.matrix.tensors);
  gpu.destroy();
  return { shards: matrix.shards.map(({ quants }) => written.get(quants.buffer)), offsets };
}

type StackNames = (planner: TensorPlanner) => readonly [readonly string[], readonly string[]];

const fusedNames: StackNames = (planner) => planner.stackedHalves('gate_up.weight', ROW, FFN, NUM_EXPERTS);
const apartNames: StackNames = () => [['gate.weight'], ['up.weight']];

describe('gate and up of every expert in one tensor', () => {
  const random = seededRandom(5);
  const fused = Uint8Array.from({ length: FUSED.sizeBytes }, () => wholeBelow(random, 256));
  const half = FFN * ROW_BYTES;
  const halves = Array.from({ length: 2 * NUM_EXPERTS }, (_, i) => fused.subarray(i * half, (i + 1) * half));
  const apart = new Uint8Array(fused.length);
  halves.forEach((bytes, i) => {
    apart.set(bytes, (Math.floor(i / 2) + (i % 2) * NUM_EXPERTS) * half);
  });

  it.for([
    ['whole', LIMITS, 1],
    // 16 rows of gate and 16 of up: experts of 24 are cut.
    ['cut within experts', { ...LIMITS, maxBindingBytes: 32 * 32 }, 8],
  ] as const)('are the same on the GPU as tensors of their own: %s', async ([, limits, numShards]) => {
    const one = await uploaded(FUSED, fused, limits, fusedNames);
    const two = await uploaded(APART, apart, limits, apartNames);
    expect(one.shards.length).toBe(numShards);
    expect(one.shards).toEqual(two.shards);
  });

  it('are read in the order of the file', async () => {
    const { offsets } = await uploaded(FUSED, fused, LIMITS, fusedNames);
    expect(offsets).toEqual(halves.map((_, i) => i * half));
  });

  it('are refused by name where a matrix would begin within a word of scales', () => {
    // Three rows of an odd number of half scales.
    const odd = fileOf({ 'gate_up.weight': [32, 6, NUM_EXPERTS] }, 'Q4_0');
    const planner = new TensorPlanner(odd, LIMITS, false);
    const names = planner.stackedHalves('gate_up.weight', 32, 3, NUM_EXPERTS);
    const refusal = expect.objectContaining({
      name: 'UnsupportedArchitecture',
      message: expect.stringMatching(/3 rows.*gate_up/) as unknown,
    }) as unknown;
    expect(() => planner.pair(...names, 32, 3 * NUM_EXPERTS)).toThrow(refusal);
  });
});
