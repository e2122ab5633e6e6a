/** Q6_K: blocks of 256 6-bit weights, sixteen signed scales, one half scale; w = d s (q - 32). */
import halfWgsl from '../lib/half.wgsl?raw';
import inPlaceWgsl from '../lib/in_place.wgsl?raw';
import { BINDINGS_WGSL, halfToNumber, splitPlanes, type BlockType } from './block-type.ts';
import wgsl from './q6_k.wgsl?raw';
import stripWgsl from './q6_k_strip.wgsl?raw';

const LAYOUT = { scaleOffset: 208, scaleBytes: 2, quantOffset: 0, quantBytes: 208 };

export const Q6_K: BlockType = {
  name: 'Q6_K',
  ggmlType: 14,
  blockElements: 256,
  blockBytes: 210,
  gpuBlockElements: 256,
  quantBytes: 208,
  scaleBytes: 2,
  wgsl: BINDINGS_WGSL + halfWgsl + inPlaceWgsl + wgsl,
  stripWgsl,
  features: [],
  repack(raw, numRows, rowElements, quants, scales) {
    splitPlanes(raw, (numRows * rowElements) / 256, LAYOUT, quants, scales);
  },
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes + 208, true));
    for (let i = 0; i < 256; i++) {
      const half = i >> 7;
      const quarter = (i & 127) >> 5;
      const lane = i & 31;
      const low = raw.getUint8(offsetBytes + half * 64 + lane + 32 * (quarter & 1));
      const high = (raw.getUint8(offsetBytes + 128 + half * 32 + lane) >> (2 * quarter)) & 3;
      const q = (quarter < 2 ? low & 15 : low >> 4) | (high << 4);
      out[outOffset + i] = d * raw.getInt8(offsetBytes + 192 + (i >> 4)) * (q - 32);
    }
  },
};
