/** Q5_0: 32 nibbles, as many fifth bits and one half scale; w = d (q - 16). */
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import fiveBitsWgsl from './five_bits.wgsl?raw';
import wgsl from './q5_0.wgsl?raw';
import scaleHalvesWgsl from './scale_halves.wgsl?raw';

export const Q5_0 = fromFields({
  name: 'Q5_0',
  ggmlType: 6,
  blockElements: 32,
  // d, fifth bits, nibbles
  fields: [number('f16', 'scales'), bytes(4, 'scales'), bytes(16, 'quants')],
  wgsl: [halfWgsl, scaleHalvesWgsl, fiveBitsWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    const fifth = raw.getUint32(offsetBytes + 2, true);
    for (let i = 0; i < 32; i++) {
      const byte = raw.getUint8(offsetBytes + 6 + (i & 15));
      const q = (i < 16 ? byte & 15 : byte >> 4) | (((fifth >>> i) & 1) << 4);
      out[outOffset + i] = d * (q - 16);
    }
  },
});
