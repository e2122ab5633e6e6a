/** What a plan says of the kernels its model needs. */
import { expect, it } from 'vitest';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { syntheticModel } from '../../../tools/fixtures/synthetic-model.ts';
import type { Precision } from '../../shaders/linear/int8.ts';
import { readGgufHeader } from '../loading/gguf-header.ts';
import { kernelNeeds } from './needs.ts';
import { planModel } from './runner.ts';
import { DEFAULT_SIZE_OPTIONS } from './sizes.ts';

const SHAPE = { ...TINY_SHAPE, hiddenSize: 256, headDim: 64, ffnSize: 512 };
const LIMITS = { maxBindingBytes: 128 * 2 ** 20, maxBufferBytes: 256 * 2 ** 20 };

async function needs(
  types: NonNullable<Parameters<typeof syntheticModel>[1]['types']>,
  precision: Precision = 'exact',
) {
  const file = await readGgufHeader(syntheticModel(SHAPE, { type: 'Q4_K', types, seed: 1 }));
  const traits = { software: false, hasF16: false, subgroupMin: undefined };
  const sizes = { ...DEFAULT_SIZE_OPTIONS, contextLength: 256, cacheTokens: 256 };
  const options = { ...sizes, kvLayout: 'f16', precision } as const;
  const { normed, plain, gated, ...rest } = kernelNeeds(planModel(file, { limits: LIMITS, traits }, options));
  const names = [normed, plain, gated].map((list) => list.map(({ name }) => name));
  return { names, ...rest };
}

it('names the types by what is multiplied with them, each once', async () => {
  expect(await needs({ v: 'Q6_K', down: 'Q6_K' })).toMatchObject({
    names: [['Q4_K', 'Q6_K'], ['Q4_K', 'Q6_K'], ['Q4_K']],
    attention: [{ layout: 'f16', headDim: 64, keys: 'before' }],
    decodeAttention: [{ layout: 'f16', headDim: 64, headsPerKv: SHAPE.numHeads / SHAPE.numKvHeads, chunk: 128 }],
    typical: { type: { name: 'Q4_K' } },
  });
});

it('counts gate and up of two types among the other products of normed rows', async () => {
  expect((await needs({ up: 'Q6_K' })).names).toEqual([['Q4_K', 'Q6_K'], ['Q4_K'], []]);
});

it('in int8 names the types that can be, and leaves the others exact, with norms apart', async () => {
  const { names, int8 } = await needs({ v: 'F16', up: 'F16', down: 'Q6_K' }, 'int8');
  expect(int8.map(({ name }) => name)).toEqual(['Q4_K', 'Q6_K']);
  expect(names).toEqual([[], ['F16'], []]);
});
