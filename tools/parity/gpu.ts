/** The device of a comparison, with the features and limits that were asked for. Knows no model. */
import type { Gpu } from '../../src/worker/gpu/gpu.ts';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import { openDawn } from '../node/dawn.ts';
import type { ParityOptions } from './arguments.ts';

export async function openParityGpu({
  adapter,
  withoutFeatures,
  maxBindingBytes,
}: Pick<ParityOptions, 'adapter' | 'withoutFeatures' | 'maxBindingBytes'>): Promise<Gpu> {
  const dawn = await openDawn({ adapter });
  return openAdapter(dawn.adapter, {
    defaultLimits: true,
    withoutFeatures,
    ...(maxBindingBytes === undefined ? {} : { maxBindingBytes }),
  });
}
