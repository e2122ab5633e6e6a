/** The oracle of all that reads weights: whole rows of a file's bytes as exact numbers. */
import type { BlockType } from './block-type.ts';

/** [numRows, rowElements] */
export function dequantizeRows(type: BlockType, raw: Uint8Array, numRows: number, rowElements: number): Float64Array {
  const out = new Float64Array(numRows * rowElements);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let block = 0; block < out.length / type.blockElements; block++) {
    type.dequantizeBlock(view, block * type.blockBytes, out, block * type.blockElements);
  }
  return out;
}
