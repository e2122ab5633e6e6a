/** The options that every tool with a GPU takes: which adapter, what to do without, which kernel variants. */
import type { ParseArgsConfig } from 'node:util';
import type { KernelVariants } from '../../src/worker/model/ops.ts';
import { ADAPTER_NAMES, type AdapterName } from './dawn.ts';

export interface GpuArguments {
  readonly adapter: AdapterName;
  readonly withoutFeatures: readonly GPUFeatureName[];
  /** Instead of the device's own choice. */
  readonly variants: Partial<KernelVariants>;
}

/** For `parseArgs`. */
export const GPU_OPTIONS = {
  adapter: { type: 'string', default: 'swiftshader' },
  'no-subgroups': { type: 'boolean', default: false },
  'no-f16': { type: 'boolean', default: false },
  gemm: { type: 'string' },
  gemv: { type: 'string' },
  attention: { type: 'string' },
  'gemm-int8': { type: 'string' },
  'gemv-int8': { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

export const GPU_USAGE =
  '[--adapter A] [--no-subgroups] [--no-f16] [--gemm tiled|rows|columns] [--gemv rows|columns|lanes|subgroups] [--attention flash|rows] [--gemm-int8 rows|tiled|emulated] [--gemv-int8 rows|lanes|subgroups|emulated]';

interface GpuValues {
  readonly adapter: string;
  readonly 'no-subgroups': boolean;
  readonly 'no-f16': boolean;
  readonly gemm?: string;
  readonly gemv?: string;
  readonly attention?: string;
  readonly 'gemm-int8'?: string;
  readonly 'gemv-int8'?: string;
}

/** @throws Error naming the option and what it may be. */
export function readGpuArguments(values: GpuValues): GpuArguments {
  const withoutFeatures: GPUFeatureName[] = [];
  if (values['no-subgroups']) withoutFeatures.push('subgroups');
  if (values['no-f16']) withoutFeatures.push('shader-f16');
  const gemm = oneOf('--gemm', values.gemm, ['tiled', 'rows', 'columns'] as const);
  const gemv = oneOf('--gemv', values.gemv, ['rows', 'columns', 'lanes', 'subgroups'] as const);
  const attention = oneOf('--attention', values.attention, ['flash', 'rows'] as const);
  const gemmInt8 = oneOf('--gemm-int8', values['gemm-int8'], ['rows', 'tiled', 'emulated'] as const);
  const gemvInt8 = oneOf('--gemv-int8', values['gemv-int8'], ['rows', 'lanes', 'subgroups', 'emulated'] as const);
  return {
    adapter: oneOf('--adapter', values.adapter, ADAPTER_NAMES) ?? 'swiftshader',
    withoutFeatures,
    variants: {
      ...(gemm && { gemm }),
      ...(gemv && { gemv }),
      ...(attention && { attention }),
      ...(gemmInt8 && { gemmInt8 }),
      ...(gemvInt8 && { gemvInt8 }),
    },
  };
}

export function oneOf<T extends string>(option: string, value: string | undefined, known: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = known.find((name) => name === value);
  if (found === undefined) throw new Error(`${option}: one of ${known.join(', ')}, not ${value}`);
  return found;
}

export function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < least) {
    throw new Error(`${option}: a whole number from ${String(least)} up, not ${text}`);
  }
  return value;
}
