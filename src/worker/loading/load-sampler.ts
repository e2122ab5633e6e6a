/**
 * The sampler of a model that is being loaded: which kernels it draws with, which of them are checked before the first token and which
 * before the first request that needs them. Encoders draw no tokens and have none. Knows nothing of requests.
 */
import type { Kernel } from '../../shaders/kernel.ts';
import type { BufferRange, Gpu } from '../gpu/gpu.ts';
import { drawKernels, GpuSampler } from '../gpu/sampler.ts';
import type { SelfTest } from '../gpu/self-test/self-test.ts';
import type { ModelPlan } from '../model/runner.ts';

export interface LoadedSampler {
  readonly always: readonly Kernel[];
  readonly onRequest: readonly Kernel[];
  /** The sampler of these logits, made once; undefined for encoders. */
  make(logits: readonly BufferRange[]): Promise<GpuSampler> | undefined;
}

/** `selfTest`: undefined where nothing is to be checked. */
export function loadSampler(
  gpu: Gpu,
  { config, vocabSize, sizes }: ModelPlan,
  selfTest: SelfTest | undefined,
): LoadedSampler {
  if (config.encoder !== undefined) return { always: [], onRequest: [], make: () => undefined };
  let made: Promise<GpuSampler> | undefined;
  return {
    ...drawKernels(gpu, vocabSize, sizes),
    make: (logits) => {
      if (made === undefined) {
        const beforeUse = (kernels: readonly Kernel[]) => selfTest?.beforeUse(kernels) ?? Promise.resolve();
        made = GpuSampler.create(gpu, vocabSize, sizes, logits, beforeUse);
        // Who waits for it hears of its failure; a load that fails elsewhere before does not.
        made.catch(() => undefined);
      }
      return made;
    },
  };
}
