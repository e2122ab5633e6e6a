/** The table against the layouts of the blocks, written out field by field. */
import { expect, it } from 'vitest';
import { BLOCK_TYPES } from '../../shaders/blocks/index.ts';
import { GGML_TYPES, ggmlTypeNamed } from './ggml-types.ts';

const HALF = 2;
const FLOAT = 4;
/** Elements of a block, and its fields: bytes of scales, high bits, low bits and so on. */
const LAYOUTS: Readonly<Record<string, readonly [number, readonly number[]]>> = {
  F32: [1, [4]],
  F16: [1, [2]],
  BF16: [1, [2]],
  F64: [1, [8]],
  I8: [1, [1]],
  I16: [1, [2]],
  I32: [1, [4]],
  I64: [1, [8]],
  Q4_0: [32, [HALF, 32 / 2]],
  Q4_1: [32, [HALF, HALF, 32 / 2]],
  Q5_0: [32, [HALF, 32 / 8, 32 / 2]],
  Q5_1: [32, [HALF, HALF, 32 / 8, 32 / 2]],
  Q8_0: [32, [HALF, 32]],
  Q8_1: [32, [HALF, HALF, 32]],
  Q2_K: [256, [HALF, HALF, 256 / 16, 256 / 4]],
  Q3_K: [256, [HALF, 256 / 8, 256 / 4, 12]],
  Q4_K: [256, [HALF, HALF, 12, 256 / 2]],
  Q5_K: [256, [HALF, HALF, 12, 256 / 8, 256 / 2]],
  Q6_K: [256, [HALF, 256 / 16, 256 / 4, 256 / 2]],
  Q8_K: [256, [FLOAT, 256, (256 / 16) * 2]],
  IQ1_S: [256, [HALF, 256 / 8, (256 / 32) * 2]],
  IQ1_M: [256, [256 / 8, 256 / 16, 256 / 32]],
  IQ2_XXS: [256, [HALF, (256 / 8) * 2]],
  IQ2_XS: [256, [HALF, (256 / 8) * 2, 256 / 32]],
  IQ2_S: [256, [HALF, 256 / 4, 256 / 32, 256 / 32]],
  IQ3_XXS: [256, [HALF, 256 / 4, 256 / 8]],
  IQ3_S: [256, [HALF, 256 / 4, 256 / 32, 256 / 8, 256 / 64]],
  IQ4_NL: [32, [HALF, 32 / 2]],
  IQ4_XS: [256, [HALF, 2, 256 / 64, 256 / 2]],
  TQ1_0: [256, [HALF, (256 - 16) / 5, 256 / 64]],
  TQ2_0: [256, [HALF, 256 / 4]],
  MXFP4: [32, [1, 32 / 2]],
  NVFP4: [64, [64 / 16, 64 / 2]],
  Q1_0: [128, [HALF, 128 / 8]],
  Q2_0: [64, [HALF, 64 / 4]],
  Q4_0_4_4: [32, [HALF, 32 / 2]],
  Q4_0_4_8: [32, [HALF, 32 / 2]],
  Q4_0_8_8: [32, [HALF, 32 / 2]],
  IQ4_NL_4_4: [32, [HALF, 32 / 2]],
  IQ4_NL_4_8: [32, [HALF, 32 / 2]],
  IQ4_NL_8_8: [32, [HALF, 32 / 2]],
};

it('has every number up to 42 but the two that never were in a file', () => {
  const expected = Array.from({ length: 43 }, (_, id) => id).filter((id) => id !== 4 && id !== 5);
  expect([...GGML_TYPES.keys()]).toEqual(expected);
});

it('agrees with the layouts of the blocks', () => {
  const table = [...GGML_TYPES.values()].map(({ name, blockElements, blockBytes }) => [
    name,
    [blockElements, blockBytes],
  ]);
  const sums = Object.entries(LAYOUTS).map(([name, [elements, fields]]) => {
    return [name, [elements, fields.reduce((sum, bytes) => sum + bytes, 0)]];
  });
  expect(Object.fromEntries(table)).toEqual(Object.fromEntries(sums));
});

it('finds types by name', () => {
  expect(ggmlTypeNamed('Q4_K')?.id).toBe(12);
  expect(ggmlTypeNamed('Q9_K')).toBeUndefined();
});

it('agrees with the descriptions that the kernels follow', () => {
  for (const { name, ggmlType, blockElements, blockBytes } of BLOCK_TYPES) {
    expect(GGML_TYPES.get(ggmlType)).toEqual({ id: ggmlType, name, blockElements, blockBytes });
  }
});
