/** Q4_K: blocks of 256, eight groups with a 6-bit scale and minimum each; w = d s q - dmin m. Blocks are 16-byte aligned. */
import halfWgsl from '../lib/half.wgsl?raw';
import inPlaceWgsl from '../lib/in_place.wgsl?raw';
import { BINDINGS_WGSL, halfToNumber, type BlockType } from './block-type.ts';
import wgsl from './q4_k.wgsl?raw';
import stripWgsl from './q4_k_strip.wgsl?raw';

/** 6-bit scale and minimum of group `j` from the twelve packed bytes. */
function scaleAndMin(raw: DataView, at: number, j: number): readonly [number, number] {
  const byte = (i: number) => raw.getUint8(at + i);
  if (j < 4) return [byte(j) & 63, byte(j + 4) & 63];
  return [(byte(j + 4) & 15) | ((byte(j - 4) >> 6) << 4), (byte(j + 4) >> 4) | ((byte(j) >> 6) << 4)];
}

export const Q4_K: BlockType = {
  name: 'Q4_K',
  ggmlType: 12,
  blockElements: 256,
  blockBytes: 144,
  gpuBlockElements: 256,
  quantBytes: 144,
  scaleBytes: 0,
  wgsl: BINDINGS_WGSL + halfWgsl + inPlaceWgsl + wgsl,
  stripWgsl,
  features: [],
  repack(raw, numRows, rowElements, quants) {
    quants.set(raw.subarray(0, ((numRows * rowElements) / 256) * 144));
  },
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    const dmin = halfToNumber(raw.getUint16(offsetBytes + 2, true));
    for (let i = 0; i < 256; i++) {
      const group = i >> 5;
      const [scale, minimum] = scaleAndMin(raw, offsetBytes + 4, group);
      const byte = raw.getUint8(offsetBytes + 16 + (group >> 1) * 32 + (i & 31));
      out[outOffset + i] = d * scale * (group & 1 ? byte >> 4 : byte & 15) - dmin * minimum;
    }
  },
};
