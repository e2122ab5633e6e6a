/**
 * What a mixture of experts costs, on Dawn's null backend with the traits of a GPU, which compiles and computes nothing: the
 * weight bytes of a decoded token are those of its experts alone, dispatches are as many for any prompt, and nothing is read back.
 */
import { describe, expect, it } from 'vitest';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { syntheticModel, type SyntheticOptions } from '../../../tools/fixtures/synthetic-model.ts';
import { openDawn } from '../../../tools/node/dawn.ts';
import { Gpu } from '../gpu/gpu.ts';
import { openAdapter } from '../gpu/open.ts';
import { readGgufHeader } from '../loading/gguf-header.ts';
import { blockId, tokenId, type TokenClass } from '../tokens.ts';
import { multipliedWeights } from './multiplied.ts';
import { ModelRunner, planModel } from './runner.ts';
import { DEFAULT_SIZE_OPTIONS } from './sizes.ts';

const EXPERTS = { numExperts: 16, numUsed: 3, ffnSize: 64 };
const SHAPE = { ...TINY_SHAPE, tiedHead: false, experts: EXPERTS };

async function open(shape: typeof SHAPE, weights: SyntheticOptions, maxBindingBytes?: number) {
  const { adapter } = await openDawn({ adapter: 'null' });
  const opened = await openAdapter(adapter, { defaultLimits: true });
  const description = { ...opened.adapter, software: false, subgroupSize: { min: 32, max: 64 } };
  const limits = maxBindingBytes === undefined ? opened.limits : { ...opened.limits, maxBindingBytes };
  const gpu = new Gpu(opened.device, description, limits);
  const source = syntheticModel(shape, weights);
  const plan = planModel(await readGgufHeader(source), gpu, {
    ...DEFAULT_SIZE_OPTIONS,
    maxRows: 128,
    contextLength: 256,
    cacheTokens: 256,
    kvLayout: 'f16',
  });
  return { gpu, plan, runner: await ModelRunner.create(gpu, source, plan) };
}

function step(runner: ModelRunner, count: number, tokenClass: TokenClass) {
  const { counters } = runner.gpu;
  const before = { ...counters };
  runner.forward({
    sequences: [{ blockTable: [0, 1, 2, 3].map(blockId), length: count }],
    rows: Array.from({ length: count }, (_, i) => ({
      sequence: 0,
      token: tokenId(i),
      position: i,
      tokenClass,
      wantLogits: i === count - 1,
    })),
    copies: [],
  });
  return {
    weightBytes: counters.weightBytesRead - before.weightBytesRead,
    numDispatches: counters.numDispatches - before.numDispatches,
  };
}

describe('a mixture of experts', () => {
  it('reads the weights of the experts that a token takes, and no others', async () => {
    for (const maxBindingBytes of [undefined, 16384]) {
      const { gpu, plan, runner } = await open(SHAPE, { type: 'Q4_0' }, maxBindingBytes);
      const { matrices } = plan.weights.weights;
      const bytesOf = (isExpert: boolean) =>
        matrices
          .filter((matrix) => matrix !== plan.weights.embedding)
          .filter(({ plan: { label } }) => label.includes('_exps') === isExpert)
          .flatMap((matrix) => matrix.plan.shards)
          .reduce((sum, { quantBytes, scaleBytes }) => sum + quantBytes + scaleBytes, 0);
      // 4.5 bits a weight: gate, up and down of 3 of 16 experts in two layers.
      const expertBytes = (2 * 3 * 3 * 64 * 64 * 4.5) / 8;
      expect(bytesOf(true) * (3 / 16)).toBe(expertBytes);
      const isCut = matrices.some((matrix) => matrix.plan.label.includes('_exps') && matrix.plan.shards.length > 1);
      expect(isCut).toBe(maxBindingBytes !== undefined);
      expect(step(runner, 1, 'generated').weightBytes).toBeCloseTo(bytesOf(false) + expertBytes, 6);
      // Rows may take different experts: four rows, four times as many.
      expect(step(runner, 4, 'generated').weightBytes).toBeCloseTo(bytesOf(false) + 4 * expertBytes, 6);
      gpu.destroy();
    }
  });

  it('counts of its weights those that a token is multiplied with', async () => {
    const { gpu, plan } = await open(SHAPE, { type: 'Q4_0' });
    const { hiddenSize, numHeads, numKvHeads, headDim } = SHAPE;
    const attention = hiddenSize * (2 * numHeads + 2 * numKvHeads) * headDim;
    expect(multipliedWeights(plan).layers).toEqual({
      Q4_0: 2 * (attention + 3 * 3 * hiddenSize * 64),
      F32: 2 * hiddenSize * 16,
    });
    gpu.destroy();
  });

  it('takes 11 dispatches a layer to decode, 13 for a prompt of any length', async () => {
    const layersOf = async (tokenClass: TokenClass, count: number) => {
      const numDispatches = async (numLayers: number) => {
        const { gpu, runner } = await open({ ...SHAPE, numLayers }, { type: 'Q4_0' });
        const counted = step(runner, count, tokenClass).numDispatches;
        gpu.destroy();
        return counted;
      };
      return ((await numDispatches(3)) - (await numDispatches(1))) / 2;
    };
    // qkv, rope, attention (2), o; norm, router, route, gate|up, down, sum.
    expect(await layersOf('generated', 1)).toBe(11);
    // norm, qkv, rope, flash, o; norm, router, route, tiles, gate|up, silu, down, sum.
    expect(await layersOf('prompt', 1)).toBe(13);
    expect(await layersOf('prompt', 100)).toBe(13);
  });
});
