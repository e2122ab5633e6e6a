/**
 * Whatever a model of the reference corpus computes with has a check on the device: every kernel of its plan and of its sampler, on a
 * CPU and on a GPU, in every layout of the cache and either precision. On Dawn's null backend, which compiles and computes nothing.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { candidatesOf, defaultVariants, KERNEL_FAMILIES } from '../../src/shaders/variants.ts';
import { singleSubject } from '../../src/shaders/vectors/single-check.ts';
import { Gpu } from '../../src/worker/gpu/gpu.ts';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import { drawKernels } from '../../src/worker/gpu/sampler.ts';
import type { GgufFile } from '../../src/worker/loading/gguf-file.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { SUPPORTED_ARCHITECTURES } from '../../src/worker/model/families/index.ts';
import { kernelNeeds } from '../../src/worker/model/needs.ts';
import { ModelRunner, planModel, supportedConfig, type ModelPlan } from '../../src/worker/model/runner.ts';
import { DEFAULT_SIZE_OPTIONS, encoderSizes, type SizeOptions } from '../../src/worker/model/sizes.ts';
import { openDawn } from '../node/dawn.ts';
import { nodeFileSource } from '../node/file-source.ts';

const REFERENCE = resolve(process.env['LINNET_REFERENCE'] ?? resolve(import.meta.dirname, '../../../shared/reference'));
const MODELS = join(REFERENCE, 'models');
const missing = existsSync(MODELS) ? '' : ' (skipped: the reference corpus is not beside this checkout)';

/** Of which the corpus has no model; that every kernel there is has a check, single-check.test.ts says. */
const WITHOUT_MODEL = ['qwen2moe', 'granitemoe', 'olmoe', 'nomic-bert'];

const CPU = { software: true, subgroupSize: { min: 4, max: 4 } };
const GPU = { software: false, subgroupSize: { min: 32, max: 32 } };

interface Device {
  readonly title: string;
  readonly traits: typeof CPU;
  readonly options: Pick<SizeOptions, 'kvLayout' | 'precision'>;
}

const DEVICES: readonly Device[] = [
  { title: 'a GPU', traits: GPU, options: { kvLayout: 'f16' } },
  { title: 'a GPU, in int8, with a cache in q8_0', traits: GPU, options: { kvLayout: 'q8_0', precision: 'int8' } },
  { title: 'a CPU, with a cache in q4_0', traits: CPU, options: { kvLayout: 'q4_0' } },
];

function planOf(file: GgufFile, gpu: Gpu, options: Device['options']): ModelPlan {
  const contextLength = 256;
  const isEncoder = supportedConfig(file).encoder !== undefined;
  const sizes = { ...DEFAULT_SIZE_OPTIONS, contextLength, cacheTokens: contextLength, ...options };
  return planModel(file, gpu, isEncoder ? encoderSizes(contextLength) : sizes);
}

describe.skipIf(missing !== '')(`the kernels of the reference corpus${missing}`, () => {
  it.for(DEVICES)('have a check each, for $title', { timeout: 120_000 }, async ({ traits, options }) => {
    const { adapter } = await openDawn({ adapter: 'null' });
    const { device, adapter: description, limits } = await openAdapter(adapter, { defaultLimits: true });
    const shared = new Gpu(device, { ...description, ...traits }, limits);
    const unchecked = new Map<string, string[]>();
    const architectures = new Set<string>();
    for (const name of readdirSync(MODELS)) {
      const gpu = shared.owner();
      const source = await nodeFileSource(join(MODELS, name));
      const plan = planOf(await readGgufHeader(source), gpu, options);
      architectures.add(plan.config.architecture);
      const needs = kernelNeeds(plan);
      const known = defaultVariants(shared.traits);
      const ofFamilies = new Set(
        KERNEL_FAMILIES.flatMap((family) => candidatesOf(family, needs, shared.traits))
          .flatMap(({ subjects }) => subjects)
          .map(({ kernel }) => kernel.name),
      );
      // Encoders draw no tokens.
      const draw = plan.config.encoder === undefined ? drawKernels(gpu, plan.vocabSize, plan.sizes) : undefined;
      const ofSampler = [...(draw?.always ?? []), ...(draw?.onRequest ?? [])];
      const runner = await ModelRunner.create(gpu, source, plan, known);
      const kernels = [...runner.dispatches.map(({ pipeline }) => pipeline.kernel), ...ofSampler];
      for (const kernel of kernels) {
        if (ofFamilies.has(kernel.name) || singleSubject(kernel) !== undefined) continue;
        unchecked.set(kernel.name, [...(unchecked.get(kernel.name) ?? []), name]);
      }
      gpu.release();
      await source.close();
    }
    expect([...unchecked]).toEqual([]);
    expect([...SUPPORTED_ARCHITECTURES].filter((name) => !architectures.has(name))).toEqual(WITHOUT_MODEL);
    shared.destroy();
  });
});
