/** How the tests of the forward pass open a device of any adapter and put a tiny model on it. */
import type { ByteSource } from '../../../cache/byte-source.ts';
import { openAdapter } from '../../gpu/open.ts';
import { readGgufHeader } from '../../loading/gguf-header.ts';
import type { KvLayout } from '../../../shaders/lib/kv-layout.ts';
import type { Precision } from '../../../shaders/linear/int8.ts';
import type { KernelVariants } from '../ops.ts';
import { ModelRunner, planModel } from '../runner.ts';
import { NUM_NAMED_BLOCKS } from './row-driver.ts';

export interface TinySetup {
  readonly variants?: Partial<KernelVariants>;
  readonly withoutFeatures?: readonly GPUFeatureName[];
  readonly maxBindingBytes?: number;
  /** Default: f32. */
  readonly kvLayout?: KvLayout;
  /** Default: exact. */
  readonly precision?: Precision;
  /** Blocks of the cache; default: those that the tests name. */
  readonly numBlocks?: number;
}

/** Tokens a sequence may hold. */
export const TINY_CONTEXT = 160;
export const TINY_VOCABULARY = 263;

/** Sizes that leave room for every row of a step to want its logits. */
export async function openTinyModel(adapter: GPUAdapter, source: ByteSource, setup: TinySetup): Promise<ModelRunner> {
  const { withoutFeatures = [], maxBindingBytes, numBlocks = NUM_NAMED_BLOCKS, kvLayout = 'f32' } = setup;
  const { precision = 'exact' } = setup;
  const limits = maxBindingBytes === undefined ? {} : { maxBindingBytes };
  const gpu = await openAdapter(adapter, { defaultLimits: true, withoutFeatures, ...limits });
  const plan = planModel(await readGgufHeader(source), gpu, {
    contextLength: TINY_CONTEXT,
    cacheTokens: (numBlocks - 1) * 32,
    kvLayout,
    precision,
    maxRows: 160,
    maxGeneratedRows: 32,
    maxLogitRows: 160,
  });
  return ModelRunner.create(gpu, source, plan, setup.variants);
}
