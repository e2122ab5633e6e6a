/** Q5_1: 32 nibbles, as many fifth bits, a half scale and a half minimum; w = d q + m. */
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import fiveBitsWgsl from './five_bits.wgsl?raw';
import wgsl from './q5_1.wgsl?raw';

export const Q5_1 = fromFields({
  name: 'Q5_1',
  ggmlType: 7,
  blockElements: 32,
  // d, m, fifth bits, nibbles
  fields: [number('f16', 'scales'), number('f16', 'scales'), bytes(4, 'scales'), bytes(16, 'quants')],
  wgsl: [halfWgsl, fiveBitsWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    const m = halfToNumber(raw.getUint16(offsetBytes + 2, true));
    const fifth = raw.getUint32(offsetBytes + 4, true);
    for (let i = 0; i < 32; i++) {
      const byte = raw.getUint8(offsetBytes + 8 + (i & 15));
      const q = (i < 16 ? byte & 15 : byte >> 4) | (((fifth >>> i) & 1) << 4);
      out[outOffset + i] = d * q + m;
    }
  },
});
