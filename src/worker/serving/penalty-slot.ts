/** Where a request with penalties has its tokens counted. Knows no scheduler. */
import { LinnetError } from '../errors.ts';
import type { GpuSampler } from '../gpu/sampler.ts';
import { needsCounts, type ResolvedSamplingParams } from '../sampling/params.ts';

/** Undefined where nothing is counted. @throws InvalidRequest when all are taken */
export function penaltySlot(params: ResolvedSamplingParams, sampler: GpuSampler): number | undefined {
  if (!needsCounts(params)) return undefined;
  const slot = sampler.acquireSlot();
  if (slot !== undefined) return slot;
  throw new LinnetError('InvalidRequest', 'Too many generations with penalties at once; wait for one of them to end.');
}
