/**
 * Whatever a model computes products and attention with is a kernel that the self-test knows of it: for every variant on a
 * device with the traits of a CPU and one with those of a GPU, on Dawn's null backend, which compiles and computes nothing.
 */
import { expect, it } from 'vitest';
import { recurrentModel } from '../../../tools/fixtures/recurrent-model.ts';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { syntheticModel } from '../../../tools/fixtures/synthetic-model.ts';
import { openDawn } from '../../../tools/node/dawn.ts';
import { bufferSource } from '../../cache/buffer-source.ts';
import { candidatesOf, defaultVariants, KERNEL_FAMILIES, type KernelFamily } from '../../shaders/variants.ts';
import { Gpu } from '../gpu/gpu.ts';
import { openAdapter } from '../gpu/open.ts';
import { readGgufHeader } from '../loading/gguf-header.ts';
import { kernelNeeds } from './needs.ts';
import { ModelRunner, planModel } from './runner.ts';
import { DEFAULT_SIZE_OPTIONS } from './sizes.ts';

const SHAPE = { ...TINY_SHAPE, numLayers: 1, hiddenSize: 256, headDim: 64, ffnSize: 256 };
const CPU = { software: true, subgroupSize: { min: 8, max: 8 } };
const GPU = { software: false, subgroupSize: { min: 32, max: 64 } };
const CHOSEN_BY_FAMILY = /^(linear|int8|(silu|gelu)_gated|attention_(rows|flash|split))/;

async function openAs(traits: typeof CPU): Promise<Gpu> {
  const { adapter } = await openDawn({ adapter: 'null' });
  const { device, adapter: description, limits } = await openAdapter(adapter, { defaultLimits: true });
  return new Gpu(device, { ...description, ...traits }, limits);
}

const CASES = [
  { title: 'a CPU', traits: CPU, precision: 'exact' },
  { title: 'a GPU', traits: GPU, precision: 'exact' },
  { title: 'a GPU, in int8', traits: GPU, precision: 'int8' },
] as const;

it.for(CASES)('$title: the kernels of every variant are those that are checked', { timeout: 120_000 }, async (one) => {
  const { traits, precision } = one;
  const sizes = { ...DEFAULT_SIZE_OPTIONS, contextLength: 256, cacheTokens: 256 };
  const options = { ...sizes, kvLayout: 'f16', precision } as const;
  const source = syntheticModel(SHAPE, {
    type: 'Q4_K',
    types: { v: 'Q6_K', up: precision === 'int8' ? 'F16' : 'Q8_0', down: 'Q6_K' },
    seed: 1,
  });
  const paired = syntheticModel(SHAPE, { type: 'Q4_0', seed: 1 });
  // Whose products of low rank stand between kernels that are its own.
  const recurrent = bufferSource(recurrentModel('rwkv7'));
  for (const model of [source, paired, recurrent]) {
    const plan = planModel(await readGgufHeader(model), await openAs(traits), options);
    const needs = kernelNeeds(plan);
    const { traits: known } = await openAs(traits);
    const compiledOf = async (family: KernelFamily, variant: string) => {
      const gpu = await openAs(traits);
      await ModelRunner.create(gpu, model, plan, { ...defaultVariants(known), [family]: variant });
      return gpu.kernelNames().filter((name) => CHOSEN_BY_FAMILY.test(name));
    };
    for (const family of KERNEL_FAMILIES) {
      for (const { variant } of candidatesOf(family, needs, known)) {
        const checked = KERNEL_FAMILIES.flatMap((one) =>
          candidatesOf(one, needs, known)
            .filter((candidate, i) => (one === family ? candidate.variant === variant : i === 0))
            .flatMap(({ subjects }) => subjects.map(({ kernel }) => kernel.name)),
        );
        expect((await compiledOf(family, variant)).sort(), `${family} ${variant}`).toEqual(checked.sort());
      }
    }
  }
});
