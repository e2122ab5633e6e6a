/** What products in int8 round their inputs to, for the oracle: the reference quantiser, where the weights' type takes it. */
import { BLOCK_TYPES } from '../../src/shaders/blocks/index.ts';
import { isInt8, type Precision } from '../../src/shaders/linear/int8.ts';
import { dequantiseRowsRef, quantiseRowsRef } from '../../src/shaders/quantise/quantise.ref.ts';
import type { Round } from './weights.ts';

export function roundedIn(precision: Precision): Round | undefined {
  if (precision === 'exact') return undefined;
  const types = new Set(BLOCK_TYPES.filter(isInt8).map(({ name }) => name));
  return (row, typeName) => {
    if (!types.has(typeName)) return undefined;
    const padded = new Float64Array(Math.ceil(row.length / 32) * 32);
    padded.set(row);
    return dequantiseRowsRef(quantiseRowsRef(padded)).subarray(0, row.length);
  };
}
