/**
 * The selections of kernels that parity is checked with: the device's own choice, every variant forced in turn, features
 * off, small bindings, every layout of the cache. Flags of `npm run parity`; knows no models.
 */

import { KERNEL_FAMILIES, type KernelFamily, type KernelVariants } from '../../src/shaders/variants.ts';

export interface Selection {
  readonly name: string;
  readonly flags: readonly string[];
}

/** Of each family every variant there is: the types see to it that none is missing. */
type Forced = { readonly [F in KernelFamily]: Readonly<Record<KernelVariants[F], readonly string[]>> };

const INT8 = ['--precision', 'int8'];

const FORCED: Forced = {
  gemm: { tiled: ['--gemm', 'tiled'], rows: ['--gemm', 'rows'], columns: ['--gemm', 'columns'] },
  gemv: {
    rows: ['--gemv', 'rows'],
    columns: ['--gemv', 'columns'],
    lanes: ['--gemv', 'lanes'],
    subgroups: ['--gemv', 'subgroups'],
  },
  attention: { flash: ['--attention', 'flash'], rows: ['--attention', 'rows'] },
  decodeAttention: { grouped: ['--decode-attention', 'grouped'], single: ['--decode-attention', 'single'] },
  gemmInt8: {
    rows: [...INT8, '--gemm-int8', 'rows'],
    tiled: [...INT8, '--gemm-int8', 'tiled'],
    emulated: [...INT8, '--gemm-int8', 'emulated'],
  },
  gemvInt8: {
    rows: [...INT8, '--gemv-int8', 'rows'],
    lanes: [...INT8, '--gemv-int8', 'lanes'],
    subgroups: [...INT8, '--gemv-int8', 'subgroups'],
    emulated: [...INT8, '--gemv-int8', 'emulated'],
  },
};

/** Each variant of each family, alone. */
export const FORCED_VARIANTS: readonly (Selection & { readonly family: KernelFamily; readonly variant: string })[] =
  KERNEL_FAMILIES.flatMap((family) =>
    Object.entries<readonly string[]>(FORCED[family]).map(([variant, flags]) => ({
      family,
      variant,
      name: flags.join(' '),
      flags,
    })),
  );

export const ALL_SELECTIONS: readonly Selection[] = [
  { name: 'default', flags: [] },
  ...FORCED_VARIANTS,
  { name: 'int8', flags: INT8 },
  { name: 'no features', flags: ['--no-subgroups', '--no-f16'] },
  { name: 'small bindings', flags: ['--max-binding', '65536'] },
  { name: '5 sequences', flags: ['--batch', '5'] },
  ...['f16', 'q8_0', 'q4_0'].map((kv) => ({ name: `cache in ${kv}`, flags: ['--kv', kv] })),
];

/** Kinds of errors that refuse a model by name: nothing was computed, so nothing can be wrong. */
const REFUSALS: ReadonlySet<string> = new Set([
  'UnsupportedArchitecture',
  'UnsupportedTensorType',
  'UnsupportedTokenizer',
]);

export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && REFUSALS.has(error.name);
}
