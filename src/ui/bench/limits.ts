/**
 * The speed a model could have on a device at most, from what the device was measured to do, and the share of it that was
 * reached. Pure arithmetic; docs/benchmarks.md says what the limits leave out.
 */
import type { DeviceRates, ModelInspection } from '../../worker/api.ts';

export type Multiplied = ModelInspection['multiplied'];

/** Tokens per second, each if nothing but one thing took time. */
export interface SpeedLimits {
  /** Reading the weights and the cached keys and values of a token at the best rate of memory. */
  readonly decodeByBandwidth: number;
  /** Dequantising every weight for a token; undefined when the rate of one of its types is not known. */
  readonly decodeByDequantDot: number | undefined;
  /** The lesser of the two. */
  readonly decode: number;
  /** Multiplying and adding in f32; the head counts for the last token of the prompt alone. Attention is left out. */
  readonly prefill: number;
}

export interface Workload {
  readonly bytesPerToken: number;
  readonly numPrompt: number;
}

export function speedLimits(rates: DeviceRates, multiplied: Multiplied, workload: Workload): SpeedLimits {
  const decodeByBandwidth = bandwidth(rates) / workload.bytesPerToken;
  const decodeByDequantDot = dequantDotLimit(rates, multiplied);
  const promptWeights = workload.numPrompt * total(multiplied.layers) + total(multiplied.head);
  return {
    decodeByBandwidth,
    decodeByDequantDot,
    decode: Math.min(decodeByBandwidth, decodeByDequantDot ?? Infinity),
    prefill: (workload.numPrompt * rates.flopsPerSecond) / (2 * promptWeights),
  };
}

/** Bytes per second of the best of the three ways to use memory. */
export function bandwidth({ bytesPerSecond }: DeviceRates): number {
  return Math.max(bytesPerSecond.copyCommand, bytesPerSecond.copyKernel, bytesPerSecond.readKernel);
}

/** The types that a model's weights have, for measuring only those. */
export function typesOf({ layers, head }: Multiplied): readonly string[] {
  return [...new Set([...Object.keys(layers), ...Object.keys(head)])];
}

function dequantDotLimit(rates: DeviceRates, multiplied: Multiplied): number | undefined {
  let seconds = 0;
  for (const [type, count] of [...Object.entries(multiplied.layers), ...Object.entries(multiplied.head)]) {
    const rate = rates.dequantDotPerSecond[type];
    if (rate === undefined) return undefined;
    seconds += count / rate;
  }
  return 1 / seconds;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
