/** F32: weights as they are. */
import { BINDINGS_WGSL, padRows, paddedRowElements, type BlockType } from './block-type.ts';
import wgsl from './f32.wgsl?raw';

export const F32: BlockType = {
  name: 'F32',
  ggmlType: 0,
  blockElements: 1,
  blockBytes: 4,
  gpuBlockElements: 32,
  quantBytes: 128,
  scaleBytes: 0,
  wgsl: BINDINGS_WGSL + wgsl,
  features: [],
  repack(raw, numRows, rowElements, quants) {
    padRows(raw, numRows, rowElements * 4, paddedRowElements(rowElements) * 4, quants);
  },
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    out[outOffset] = raw.getFloat32(offsetBytes, true);
  },
};
