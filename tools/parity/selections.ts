/**
 * The selections of kernels that parity is checked with: the device's own choice, every variant forced in turn, features
 * off, small bindings, every layout of the cache. Flags of `npm run parity`; knows no models.
 */

export interface Selection {
  readonly name: string;
  readonly flags: readonly string[];
}

/** Each variant of each family, alone. */
export const FORCED_VARIANTS: readonly Selection[] = [
  ['--gemm', 'tiled'],
  ['--gemm', 'rows'],
  ['--gemm', 'columns'],
  ['--gemv', 'rows'],
  ['--gemv', 'columns'],
  ['--gemv', 'lanes'],
  ['--gemv', 'subgroups'],
  ['--attention', 'flash'],
  ['--attention', 'rows'],
].map((flags) => ({ name: flags.join(' '), flags }));

export const ALL_SELECTIONS: readonly Selection[] = [
  { name: 'default', flags: [] },
  ...FORCED_VARIANTS,
  { name: 'int8', flags: ['--precision', 'int8'] },
  { name: 'int8, tiled, lanes', flags: ['--precision', 'int8', '--gemm-int8', 'tiled', '--gemv-int8', 'lanes'] },
  ...['subgroups', 'emulated'].map((variant) => ({
    name: `int8, ${variant}`,
    flags: ['--precision', 'int8', '--gemv-int8', variant],
  })),
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
