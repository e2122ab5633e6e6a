/**
 * Whether a model is worth loading here, from what its header says and what the device was measured to do. Pure. Memory is judged
 * as the page judges it, speed by the limits of the bench page: a model is refused for what it cannot be, not for a guess.
 */
import type { DeviceRates, ModelInspection } from '../../../worker/api.ts';
import { speedLimits } from '../../bench/limits.ts';
import { judgeFit } from '../../state/fit.ts';
import { tooSlow, type Unfit } from './policy.ts';

const GB = 1e9;

/** `deviceMemoryGib` is `navigator.deviceMemory` where there is one. */
export function judgeSize(
  inspection: ModelInspection,
  { maxGpuBytes, deviceMemoryGib }: { maxGpuBytes: number | undefined; deviceMemoryGib: number | undefined },
): Unfit | undefined {
  const { gpuBytes, memory } = judgeFit(inspection, undefined, deviceMemoryGib);
  const isTooLarge = maxGpuBytes === undefined ? memory === 'tight' : gpuBytes > maxGpuBytes;
  if (!isTooLarge) return undefined;
  const allowed =
    maxGpuBytes === undefined ? 'half of the memory here' : `the ${(maxGpuBytes / GB).toFixed(1)} GB allowed`;
  const detail = `${inspection.name} needs ${(gpuBytes / GB).toFixed(1)} GB, which is more than ${allowed}.`;
  return { reason: 'modelTooLarge', detail };
}

export function judgeSpeed(
  inspection: ModelInspection,
  rates: DeviceRates,
  minTokensPerSecond: number,
): Unfit | undefined {
  const atMost = decodeLimit(inspection, rates);
  if (atMost >= minTokensPerSecond) return undefined;
  return { reason: 'deviceTooSlow', detail: tooSlow(atMost, minTokensPerSecond, 'can do') };
}

/** Tokens per second that no answer exceeds, with half of the context in use. */
export function decodeLimit(inspection: ModelInspection, rates: DeviceRates): number {
  const { multiplied, gpuBytes, numParameters } = inspection;
  // The weights that a token is not multiplied with (other experts, the rows of an embedding) are as large as those that it is.
  const share = Math.min(1, (total(multiplied.layers) + total(multiplied.head)) / numParameters);
  const bytesPerToken = gpuBytes.weights * share + gpuBytes.kvCache / 2;
  return speedLimits(rates, multiplied, { bytesPerToken, numPrompt: 1 }).decode;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
