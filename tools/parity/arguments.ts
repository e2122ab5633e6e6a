/** The command line of `npm run parity`. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KV_LAYOUTS, type KvLayout } from '../../src/shaders/lib/kv-layout.ts';
import { PRECISIONS, type Precision } from '../../src/shaders/linear/precision.ts';
import type { KernelVariants } from '../../src/worker/model/ops.ts';
import { ADAPTER_NAMES, type AdapterName } from '../node/dawn.ts';

export interface ParityOptions {
  /** Has `goldens/`. */
  readonly directory: string;
  /** Has the models that the goldens name. */
  readonly models: string;
  readonly filter: RegExp;
  readonly adapter: AdapterName;
  readonly withoutFeatures: readonly GPUFeatureName[];
  readonly maxBindingBytes: number | undefined;
  /** Sequences interleaved in one batch; 1: one after the other. */
  readonly batch: number;
  /** Kernel variants to use instead of the device's own choice. */
  readonly variants: Partial<KernelVariants>;
  readonly kv: KvLayout;
  readonly precision: Precision;
  /** In int8: against exact arithmetic that rounds the same, tightly, instead of exact arithmetic. */
  readonly rounded: boolean;
  /** Transform what is quantised; without, to see what that is good for. */
  readonly kvTransform: boolean;
}

export function readArguments(argv: readonly string[]): ParityOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      models: { type: 'string' },
      filter: { type: 'string', default: '' },
      adapter: { type: 'string', default: 'swiftshader' },
      'no-subgroups': { type: 'boolean', default: false },
      'no-f16': { type: 'boolean', default: false },
      'max-binding': { type: 'string' },
      batch: { type: 'string', default: '1' },
      gemm: { type: 'string' },
      gemv: { type: 'string' },
      attention: { type: 'string' },
      'decode-attention': { type: 'string' },
      kv: { type: 'string', default: 'f32' },
      precision: { type: 'string', default: 'exact' },
      rounded: { type: 'boolean', default: false },
      'gemm-int8': { type: 'string' },
      'gemv-int8': { type: 'string' },
      'no-kv-transform': { type: 'boolean', default: false },
    },
  });
  const [directory] = positionals;
  if (directory === undefined) {
    throw new Error(
      'usage: npm run parity -- DIR [--models DIR] [--filter RE] [--adapter A] [--no-subgroups] [--no-f16] [--max-binding BYTES] [--batch N] [--gemm tiled|rows|columns] [--gemv rows|columns|lanes|subgroups] [--attention flash|rows] [--decode-attention grouped|single] [--kv f32|f16|q8_0|q4_0] [--precision exact|int8] [--rounded] [--gemm-int8 rows|tiled|emulated] [--gemv-int8 rows|lanes|subgroups|emulated] [--no-kv-transform]',
    );
  }
  const adapter = ADAPTER_NAMES.find((name) => name === values.adapter);
  if (adapter === undefined) throw new Error(`--adapter: one of ${ADAPTER_NAMES.join(', ')}`);
  const gemm = oneOf('--gemm', values.gemm, ['tiled', 'rows', 'columns'] as const);
  const gemv = oneOf('--gemv', values.gemv, ['rows', 'columns', 'lanes', 'subgroups'] as const);
  const attention = oneOf('--attention', values.attention, ['flash', 'rows'] as const);
  const decodeAttention = oneOf('--decode-attention', values['decode-attention'], ['grouped', 'single'] as const);
  const gemmInt8 = oneOf('--gemm-int8', values['gemm-int8'], ['rows', 'tiled', 'emulated'] as const);
  const gemvInt8 = oneOf('--gemv-int8', values['gemv-int8'], ['rows', 'lanes', 'subgroups', 'emulated'] as const);
  const kv = oneOf('--kv', values.kv, KV_LAYOUTS) ?? 'f32';
  const withoutFeatures: GPUFeatureName[] = [];
  if (values['no-subgroups']) withoutFeatures.push('subgroups');
  if (values['no-f16']) withoutFeatures.push('shader-f16');
  return {
    directory,
    models: values.models ?? join(directory, 'models'),
    filter: new RegExp(values.filter),
    adapter,
    withoutFeatures,
    maxBindingBytes: values['max-binding'] === undefined ? undefined : number('--max-binding', values['max-binding']),
    batch: number('--batch', values.batch),
    kv,
    rounded: values.rounded,
    precision: oneOf('--precision', values.precision, PRECISIONS) ?? 'exact',
    kvTransform: !values['no-kv-transform'],
    variants: {
      ...(gemm === undefined ? {} : { gemm }),
      ...(gemv === undefined ? {} : { gemv }),
      ...(attention === undefined ? {} : { attention }),
      ...(decodeAttention === undefined ? {} : { decodeAttention }),
      ...(gemmInt8 === undefined ? {} : { gemmInt8 }),
      ...(gemvInt8 === undefined ? {} : { gemvInt8 }),
    },
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name}: a positive whole number, not ${text}`);
  return value;
}

function oneOf<T extends string>(name: string, text: string | undefined, known: readonly T[]): T | undefined {
  if (text === undefined) return undefined;
  const found = known.find((candidate) => candidate === text);
  if (found === undefined) throw new Error(`${name}: one of ${known.join(', ')}`);
  return found;
}
