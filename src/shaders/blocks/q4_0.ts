/** Q4_0: 32 nibbles and one half scale; w = d (q - 8). */
import halfWgsl from '../lib/half.wgsl?raw';
import inPlaceWgsl from '../lib/in_place.wgsl?raw';
import { BINDINGS_WGSL, halfToNumber, splitPlanes, type BlockType } from './block-type.ts';
import wgsl from './q4_0.wgsl?raw';

const LAYOUT = { scaleOffset: 0, scaleBytes: 2, quantOffset: 2, quantBytes: 16 };

export const Q4_0: BlockType = {
  name: 'Q4_0',
  ggmlType: 2,
  blockElements: 32,
  blockBytes: 18,
  gpuBlockElements: 32,
  quantBytes: 16,
  scaleBytes: 2,
  wgsl: BINDINGS_WGSL + halfWgsl + inPlaceWgsl + wgsl,
  features: [],
  repack(raw, numRows, rowElements, quants, scales) {
    splitPlanes(raw, (numRows * rowElements) / 32, LAYOUT, quants, scales);
  },
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    for (let i = 0; i < 16; i++) {
      const q = raw.getUint8(offsetBytes + 2 + i);
      out[outOffset + i] = d * ((q & 15) - 8);
      out[outOffset + 16 + i] = d * ((q >> 4) - 8);
    }
  },
};
