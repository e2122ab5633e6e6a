/** Q8_0: 32 signed bytes and one half scale; w = d q. */
import halfWgsl from '../lib/half.wgsl?raw';
import inPlaceWgsl from '../lib/in_place.wgsl?raw';
import { BINDINGS_WGSL, halfToNumber, splitPlanes, type BlockType } from './block-type.ts';
import wgsl from './q8_0.wgsl?raw';

const LAYOUT = { scaleOffset: 0, scaleBytes: 2, quantOffset: 2, quantBytes: 32 };

export const Q8_0: BlockType = {
  name: 'Q8_0',
  ggmlType: 8,
  blockElements: 32,
  blockBytes: 34,
  gpuBlockElements: 32,
  quantBytes: 32,
  scaleBytes: 2,
  wgsl: BINDINGS_WGSL + halfWgsl + inPlaceWgsl + wgsl,
  features: [],
  repack(raw, numRows, rowElements, quants, scales) {
    splitPlanes(raw, (numRows * rowElements) / 32, LAYOUT, quants, scales);
  },
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    for (let i = 0; i < 32; i++) out[outOffset + i] = d * raw.getInt8(offsetBytes + 2 + i);
  },
};
