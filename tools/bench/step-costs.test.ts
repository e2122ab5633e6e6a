/** What small kernels move, worked out by hand. */
import { expect, it } from 'vitest';
import { MODEL_SHAPES } from '../fixtures/model-shapes.ts';
import { costOf, predictedMs } from './step-costs.ts';

const SHAPE = {
  ...MODEL_SHAPES['qwen2-0.5b-like'],
  hiddenSize: 64,
  numHeads: 4,
  numKvHeads: 2,
  headDim: 16,
  ffnSize: 96,
};

it('a norm reads its rows and its weight and writes its rows', () => {
  expect(costOf('rmsnorm_f32', SHAPE, { numRows: 3, numKeys: 9 })).toEqual({ bytes: 7 * 64 * 4, operations: 768 });
});

it('a row of decode attention reads keys and values of each head once, and writes a part for every chunk', () => {
  const cost = costOf('attention_split_f32', SHAPE, { numRows: 1, numKeys: 130 });
  expect(cost).toEqual({ bytes: (2 * 130 * 32 + 64 + 2 * (64 + 8)) * 4, operations: 4 * 130 * 64 });
});

it('attention of prompt rows computes what a row sees', () => {
  expect(costOf('attention_rows_f32', SHAPE, { numRows: 2, numKeys: 2 })?.operations).toBe(4 * 3 * 64);
});

it('the slower of memory and arithmetic is what is predicted', () => {
  expect(predictedMs({ bytes: 2000, operations: 10 }, 1e6, 1e6)).toBe(2);
  expect(costOf('linear_gemv', SHAPE, { numRows: 1, numKeys: 1 })).toBeUndefined();
});
