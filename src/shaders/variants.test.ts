/** Which variants a device may use, in which order, and which kernels each consists of. */
import { describe, expect, it } from 'vitest';
import { Q4_0 } from './blocks/q4_0.ts';
import { Q6_K } from './blocks/q6_k.ts';
import { isInt8 } from './linear/int8.ts';
import type { KernelTraits } from './linear/linear.ts';
import { candidatesOf, defaultVariants, KERNEL_FAMILIES, type KernelFamily, type KernelNeeds } from './variants.ts';

const NEEDS: KernelNeeds = {
  normed: [Q4_0, Q6_K],
  plain: [Q4_0],
  gated: [Q4_0],
  gatedPlain: [],
  experts: [],
  gatedExperts: [],
  int8: [],
  activation: 'silu',
  attention: [{ layout: 'f16', headDim: 64, keys: 'before' }],
  decodeAttention: [{ layout: 'f16', headDim: 64, headsPerKv: 4, chunk: 128 }],
  typical: { type: Q4_0, rowElements: 512 },
};
const CPU = { software: true, hasF16: false, subgroupMin: 4 };
const GPU = { software: false, hasF16: true, subgroupMin: 32 };

const names = (family: KernelFamily, traits: KernelTraits, needs = NEEDS) =>
  candidatesOf(family, needs, traits).map(({ variant }) => variant);
const kernels = (family: KernelFamily, variant: string, needs = NEEDS) =>
  candidatesOf(family, needs, GPU)
    .find((candidate) => candidate.variant === variant)
    ?.subjects.map(({ kernel }) => kernel.name);

describe('candidatesOf', () => {
  it('begins with the usual variant of the device and ends with the plainest', () => {
    expect(names('gemv', GPU)).toEqual(['subgroups', 'lanes', 'rows']);
    expect(names('gemv', { ...GPU, subgroupMin: 8 })).toEqual(['lanes', 'rows']);
    expect(names('gemv', CPU)).toEqual(['columns', 'rows', 'lanes']);
    expect(names('gemv', { ...CPU, subgroupMin: undefined })).toEqual(['rows', 'lanes']);
    expect(names('gemm', GPU)).toEqual(['tiled', 'rows']);
    expect(names('attention', CPU)).toEqual(['rows', 'flash']);
    for (const traits of [CPU, GPU]) {
      const first = KERNEL_FAMILIES.map((family) => [family, candidatesOf(family, NEEDS, traits)[0]?.variant]);
      expect(Object.fromEntries(first)).toEqual(defaultVariants(traits));
    }
  });

  it('has of each variant the kernels that a model needs, once', () => {
    expect(kernels('gemm', 'tiled')).toEqual(['linear_gemm_tiled_q4_0', 'linear_gemm_tiled_q6_k']);
    expect(kernels('gemv', 'rows')).toEqual([
      'linear_gemv_rows_q4_0',
      'linear_gemv_rows_q6_k',
      'silu_gated_gemv_rows_q4_0',
    ]);
    expect(kernels('gemv', 'lanes')).toEqual([
      'linear_gemv_lanes_q4_0',
      'linear_normed_gemv_lanes_q4_0',
      'linear_normed_gemv_lanes_q6_k',
      'silu_gated_normed_gemv_lanes_q4_0',
    ]);
    expect(kernels('attention', 'flash')).toEqual(['attention_flash_f16_d64']);
    expect(kernels('attention', 'flash', { ...NEEDS, attention: [] })).toEqual([]);
    expect(kernels('decodeAttention', 'grouped')).toEqual(['attention_split_f16_d64_g4_c128']);
    expect(kernels('decodeAttention', 'single')).toEqual(['attention_split_f16_d64_g1_c128']);
  });

  it('has kernels of int8 where a model needs them, and of no other precision', () => {
    const int8 = { ...NEEDS, normed: [], plain: [], gated: [], int8: [Q4_0, Q6_K].filter(isInt8) };
    expect(names('gemvInt8', GPU, int8)).toEqual(['subgroups', 'lanes', 'rows', 'emulated']);
    expect(names('gemvInt8', { ...GPU, subgroupMin: 8 }, int8)).toEqual(['lanes', 'rows', 'emulated']);
    expect(names('gemvInt8', CPU, int8)).toEqual(['rows', 'lanes', 'emulated']);
    // Without the language's dot product `rows` is what `emulated` would be.
    expect(names('gemmInt8', { ...CPU, hasPackedDot: false }, int8)).toEqual(['rows', 'tiled']);
    expect(kernels('gemmInt8', 'tiled', int8)).toEqual(['int8_gemm_tiled_q4_0', 'int8_gemm_tiled_q6_k']);
    expect(kernels('gemmInt8', 'emulated', int8)).toContain('int8_gemm_rows_emulated_q4_0');
    expect(kernels('gemm', 'tiled', int8)).toEqual([]);
    expect(kernels('gemmInt8', 'tiled')).toEqual([]);
  });

  it('lists variants of the same kernel once', () => {
    const decodeAttention = NEEDS.decodeAttention.map((shape) => ({ ...shape, headsPerKv: 1 }));
    expect(names('decodeAttention', GPU, { ...NEEDS, decodeAttention })).toEqual(['grouped']);
  });
});
