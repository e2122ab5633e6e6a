/**
 * How many dispatches a step of decoding takes, a layer and at its ends, as GPUs do it: counted on Dawn's null backend, whose
 * traits are a GPU's, so that it takes no time. One pass, one submit, nothing made on the way.
 */
import { describe, expect, it, vi } from 'vitest';
import { syntheticModel, type SyntheticOptions } from '../../../tools/fixtures/synthetic-model.ts';
import { TINY_SHAPE, type ModelShape } from '../../../tools/fixtures/model-shapes.ts';
import { openDawn } from '../../../tools/node/dawn.ts';
import type { Precision } from '../../shaders/linear/int8.ts';
import { openAdapter } from '../gpu/open.ts';
import { GpuSampler } from '../gpu/sampler.ts';
import { readGgufHeader } from '../loading/gguf-header.ts';
import { resolveSamplingParams } from '../sampling/params.ts';
import type { Batch } from '../scheduler/batch.ts';
import { blockId, tokenId, type TokenClass } from '../tokens.ts';
import { ModelRunner, planModel } from './runner.ts';
import { DEFAULT_SIZE_OPTIONS } from './sizes.ts';

const CONTEXT = 512;
// Rows of whole blocks of 256, so that every type can be had.
const SHAPE: ModelShape = { ...TINY_SHAPE, hiddenSize: 256, headDim: 64, ffnSize: 256, contextLength: CONTEXT };

function batchOf(first: number, count: number, tokenClass: TokenClass): Batch {
  const length = first + count;
  return {
    sequences: [{ blockTable: Array.from({ length: Math.ceil(length / 32) }, (_, i) => blockId(i)), length }],
    rows: Array.from({ length: count }, (_, i) => ({
      sequence: 0,
      token: tokenId(i),
      position: first + i,
      tokenClass,
      wantLogits: i === count - 1,
    })),
    copies: [],
  };
}

async function openModel(numLayers: number, weights: SyntheticOptions, shape: ModelShape, precision: Precision) {
  const { adapter } = await openDawn({ adapter: 'null' });
  const gpu = await openAdapter(adapter, { defaultLimits: true });
  const source = syntheticModel({ ...shape, numLayers }, weights);
  const tokens = { contextLength: CONTEXT, cacheTokens: CONTEXT };
  const sizes = { ...DEFAULT_SIZE_OPTIONS, ...tokens, kvLayout: 'f32', precision } as const;
  const plan = planModel(await readGgufHeader(source), gpu, sizes);
  const runner = await ModelRunner.create(gpu, source, plan);
  const sampler = await GpuSampler.create(gpu, plan.vocabSize, plan.sizes, runner.scratch.logits);
  return { gpu, runner, sampler };
}

type Opened = Awaited<ReturnType<typeof openModel>>;

/** One step with a greedy draw, as a session does it. */
function step({ gpu, runner, sampler }: Opened, batch: Batch): void {
  const params = resolveSamplingParams({ temperature: 0 }, { vocabSize: runner.plan.vocabSize, chooseSeed: () => 1 });
  const encoder = gpu.device.createCommandEncoder();
  const beginPass = vi.spyOn(encoder, 'beginComputePass');
  runner.record(batch, encoder, (pass) => {
    sampler.record(pass, [{ params, slot: 0, position: batch.rows.length }]);
  });
  expect(beginPass).toHaveBeenCalledTimes(1);
  runner.submit(encoder);
}

interface Counted {
  readonly prompt: number;
  readonly decode: number;
}

/** Dispatches of a prompt step and of a decode step. */
async function count(...model: Parameters<typeof openModel>): Promise<Counted> {
  const opened = await openModel(...model);
  const { counters } = opened.gpu;
  step(opened, batchOf(0, 40, 'prompt'));
  const prompt = counters.numDispatches;
  step(opened, batchOf(40, 1, 'generated'));
  const before = { ...counters };
  for (let i = 1; i <= 100; i++) step(opened, batchOf(40 + i, 1, 'generated'));
  expect(counters.numSubmits - before.numSubmits).toBe(100);
  expect(counters.numBuffersCreated).toBe(before.numBuffersCreated);
  expect(counters.numBindGroupsCreated).toBe(before.numBindGroupsCreated);
  opened.gpu.destroy();
  return { prompt, decode: (counters.numDispatches - before.numDispatches) / 100 };
}

/** Dispatches of one layer, and those of a step without any. */
async function countLayers(weights: SyntheticOptions, shape = SHAPE, precision: Precision = 'exact') {
  const one = await count(1, weights, shape, precision);
  const three = await count(3, weights, shape, precision);
  const layer = { prompt: (three.prompt - one.prompt) / 2, decode: (three.decode - one.decode) / 2 };
  return { layer, ends: { prompt: one.prompt - layer.prompt, decode: one.decode - layer.decode } };
}

// Embed at the front; behind the layers norm + head, two of the sampler.
const ENDS = 1 + 3;

describe('dispatches of a decode step on a GPU', () => {
  it('7 a layer where weights are of one type, 3 behind them; prompts keep their norms and SwiGLU apart', async () => {
    const { layer, ends } = await countLayers({ type: 'Q4_0' });
    expect(layer.decode).toBe(7);
    expect(ends.decode).toBe(ENDS);
    // norm, qkv, rope, flash, o, norm, gate|up, silu, down; the last norm is one more.
    expect(layer.prompt).toBe(9);
    expect(ends.prompt).toBe(ENDS + 1);
  });

  it('11 in int8: norms apart, which round, and so does SwiGLU; what o takes is rounded by itself', async () => {
    const { layer, ends } = await countLayers({ type: 'Q4_0' }, SHAPE, 'int8');
    expect(layer.decode).toBe(11);
    expect(ends.decode).toBe(ENDS + 1);
    // One for attention instead of two.
    expect(layer.prompt).toBe(10);
    // Where down stays exact nothing rounds for it, and nothing at all where no type can be rounded for.
    expect((await countLayers({ type: 'Q4_0', types: { o: 'F16' } }, SHAPE, 'int8')).layer.decode).toBe(10);
    expect((await countLayers({ type: 'F16' }, SHAPE, 'int8')).layer.decode).toBe(9);
  });

  it('8 where v is of another type than q and k (Q4_K_M), 9 where all three differ', async () => {
    const mixed = { v: 'Q6_K', down: 'Q6_K', head: 'Q6_K' } as const;
    expect((await countLayers({ type: 'Q4_K', types: mixed })).layer.decode).toBe(8);
    const allDiffer = { q: 'Q4_0', k: 'Q8_0', v: 'Q6_K' } as const;
    expect((await countLayers({ type: 'Q4_K', types: allDiffer })).layer.decode).toBe(9);
  });

  it('7 with biases and a width of the feed-forward that is no multiple of 32', async () => {
    const odd = { ...SHAPE, ffnSize: 172, qkvBias: true };
    expect((await countLayers({ type: 'Q8_0' }, odd)).layer.decode).toBe(7);
  });

  it('control: gate and up of two types cannot be fused, and what they take more is counted', async () => {
    // gate, up, silu instead of one
    expect((await countLayers({ type: 'Q4_0', types: { gate: 'Q8_0' } })).layer.decode).toBe(9);
  });
});
