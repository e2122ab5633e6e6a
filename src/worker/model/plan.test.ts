/** What is refused before anything is allocated, by name, and what a plan says of sizes. */
import { describe, expect, it } from 'vitest';
import { syntheticModel } from '../../../tools/fixtures/synthetic-model.ts';
import { MODEL_SHAPES, TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import type { KvLayout } from '../../shaders/lib/kv-layout.ts';
import type { GgufFile, TensorInfo } from '../loading/gguf-file.ts';
import { readGgufHeader } from '../loading/gguf-header.ts';
import { MXFP4 } from '../../shaders/blocks/mxfp4.ts';
import { Q4_K } from '../../shaders/blocks/q4_k.ts';
import { planPairedMatrix } from './matrix.ts';
import { planModel } from './runner.ts';
import { DEFAULT_SIZE_OPTIONS } from './sizes.ts';

const GPU = {
  limits: { maxBindingBytes: 128 * 2 ** 20, maxBufferBytes: 256 * 2 ** 20 },
  traits: { software: false, hasF16: false, subgroupMin: undefined },
};

const plan = (file: GgufFile, contextLength = 256, limits = GPU.limits, kvLayout: KvLayout = 'f16') =>
  planModel(file, { ...GPU, limits }, { ...DEFAULT_SIZE_OPTIONS, contextLength, cacheTokens: contextLength, kvLayout });

const tiny = () => readGgufHeader(syntheticModel(TINY_SHAPE, { type: 'Q8_0', seed: 1 }));

function withTensors(file: GgufFile, change: (tensors: readonly TensorInfo[]) => readonly TensorInfo[]): GgufFile {
  return { ...file, tensors: change(file.tensors) };
}

const named = (name: string, message: RegExp): unknown =>
  expect.objectContaining({ name, message: expect.stringMatching(message) as unknown });

describe('planModel', () => {
  it('refuses a tensor that nobody asked for: leaving it out would be another model', async () => {
    const file = await tiny();
    const norm = file.tensors.find(({ name }) => name === 'blk.0.attn_norm.weight');
    if (norm === undefined) throw new Error('no norm');
    const strange = withTensors(file, (tensors) => [...tensors, { ...norm, name: 'blk.0.attn_q_norm.weight' }]);
    expect(() => plan(strange)).toThrow(named('UnsupportedArchitecture', /blk\.0\.attn_q_norm\.weight/));
    const harmless = withTensors(file, (tensors) => [...tensors, { ...norm, name: 'blk.0.attn_rot_embd' }]);
    expect(plan(harmless).config.numLayers).toBe(2);
  });

  it('names a tensor that is missing or of another shape', async () => {
    const file = await tiny();
    const without = withTensors(file, (tensors) => tensors.filter(({ name }) => name !== 'blk.1.ffn_up.weight'));
    expect(() => plan(without)).toThrow(named('MissingTensor', /blk\.1\.ffn_up\.weight/));
    const bent = withTensors(file, (tensors) =>
      tensors.map((tensor) => (tensor.name === 'blk.0.attn_k.weight' ? { ...tensor, shape: [64, 64] } : tensor)),
    );
    expect(() => plan(bent)).toThrow(named('GgufInvalid', /blk\.0\.attn_k\.weight is 64 x 64.*64 x 32/));
  });

  it('refuses a type without kernels before anything is read', async () => {
    const file = await tiny();
    const other = withTensors(file, (tensors) =>
      tensors.map((tensor) =>
        tensor.name === 'output_norm.weight' ? { ...tensor, type: 17, typeName: 'IQ2_XS' } : tensor,
      ),
    );
    expect(() => plan(other)).toThrow(named('UnsupportedTensorType', /output_norm\.weight.*IQ2_XS/));
  });

  it('cuts matrices and cache so that no binding is larger than allowed', async () => {
    const file = await readGgufHeader(syntheticModel(MODEL_SHAPES['llama-3.2-1b'], { type: 'Q4_0', seed: 1 }));
    const planned = plan(file, 4096);
    const { matrices, weightBytes } = planned.weights.weights;
    const shards = matrices.flatMap((matrix) => matrix.plan.shards);
    expect(Math.max(...shards.map((shard) => shard.quantBytes))).toBeLessThanOrEqual(GPU.limits.maxBindingBytes);
    // 128256 x 2048 at 4.5 bits is 141 MiB: more than one binding.
    expect(planned.weights.embedding.plan.shards.length).toBe(
      1 + Math.floor((128256 * 2048 * 0.5) / GPU.limits.maxBindingBytes),
    );
    expect(weightBytes / file.sizeBytes).toBeCloseTo(1, 1);
    const { sizes } = planned;
    expect(sizes.sharded).toBe(false);
    expect(sizes.kv.sizeBytes).toBe(2 * 16 * (4096 + 32) * 8 * 64 * 2);
  });

  it('pairs gate and up row by row of shards, and joins what of q, k and v is of one type', async () => {
    const shape = { ...TINY_SHAPE, hiddenSize: 256, headDim: 64, ffnSize: 172 };
    const mixed = syntheticModel(shape, { type: 'Q4_K', types: { v: 'Q6_K' }, seed: 1 });
    const planned = (file: GgufFile) =>
      plan(file)
        .weights.weights.matrices.filter(({ plan: { label } }) => /blk\.0\.(attn_[qkv]|ffn_[gu])/.test(label))
        .map(({ plan: { label, numRows, paired } }) => [label, numRows, paired]);
    expect(planned(await readGgufHeader(mixed))).toEqual([
      ['blk.0.attn_q.weight|blk.0.attn_k.weight', 256 + 128, false],
      ['blk.0.attn_v.weight', 128, false],
      ['blk.0.ffn_gate.weight|blk.0.ffn_up.weight', 2 * 172, true],
    ]);
    // 30 rows of 144 bytes fit a binding: 15 pairs, of which an even number is taken.
    const small = planPairedMatrix('gate|up', Q4_K, 172, 256, { ...GPU.limits, maxBindingBytes: 30 * 144 });
    expect(small.numRows).toBe(2 * 172);
    expect(new Set(small.shards.map(({ numRows }) => numRows % 4))).toEqual(new Set([0]));
    expect(Math.max(...small.shards.map(({ quantBytes }) => quantBytes))).toBeLessThanOrEqual(30 * 144);
    small.shards.forEach(({ firstRow }, i) => {
      expect(firstRow).toBe(small.shards.slice(0, i).reduce((sum, { numRows }) => sum + numRows / 2, 0));
    });
    expect(small.shards.reduce((sum, { numRows }) => sum + numRows, 0)).toBe(2 * 172);
    const differing = syntheticModel(shape, { type: 'Q4_K', types: { up: 'Q6_K' }, seed: 1 });
    expect(planned(await readGgufHeader(differing)).slice(1)).toEqual([
      ['blk.0.ffn_gate.weight', 172, false],
      ['blk.0.ffn_up.weight', 172, false],
    ]);
  });

  it('pairs matrices so that the second half begins at a whole word of scales, also where a row has an odd byte of them', () => {
    // A row of 96 is 48 bytes of quants and 3 of scales.
    const { shards } = planPairedMatrix('gate|up', MXFP4, 172, 96, { ...GPU.limits, maxBindingBytes: 15 * 48 });
    expect(shards.map(({ numRows }) => numRows)).toEqual(new Array<number>(43).fill(8));
    const one = planPairedMatrix('gate|up', MXFP4, 172, 96, { ...GPU.limits, maxBindingBytes: 14 * 2 * 48 });
    expect(one.shards.map(({ numRows }) => numRows)).toEqual([...new Array<number>(21).fill(16), 8]);
  });

  it('tells the bytes of each cache type: 34 and 18 for 32 values where heads are of 64', async () => {
    const file = await readGgufHeader(syntheticModel(MODEL_SHAPES['smollm2-135m'], { type: 'Q4_0', seed: 1 }));
    const slots = 2 * 30 * 3 * (2048 + 32); // keys and values, layers, kv heads, tokens and a block to copy into
    const bytes = (layout: KvLayout) => plan(file, 2048, GPU.limits, layout).sizes.kv.sizeBytes;
    expect((['f32', 'f16', 'q8_0', 'q4_0'] as const).map(bytes)).toEqual(
      [256, 128, 68, 36].map((slot) => slots * slot),
    );
  });

  it('says so when a context does not fit at all', async () => {
    const file = await readGgufHeader(syntheticModel(MODEL_SHAPES['llama-3.2-1b'], { type: 'Q4_0', seed: 1 }));
    const small = { maxBindingBytes: 16384, maxBufferBytes: 2 ** 20 };
    expect(() => plan(file, 4096, small)).toThrow(named('LimitExceeded', /bytes/));
  });
});
