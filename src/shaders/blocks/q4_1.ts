/** Q4_1: 32 nibbles, a half scale and a half minimum; w = d q + m. */
import bytesWgsl from '../lib/bytes.wgsl?raw';
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import wgsl from './q4_1.wgsl?raw';

export const Q4_1 = fromFields({
  name: 'Q4_1',
  ggmlType: 3,
  blockElements: 32,
  // d, m, nibbles
  fields: [number('f16', 'scales'), number('f16', 'scales'), bytes(16, 'quants')],
  wgsl: [halfWgsl, bytesWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    const m = halfToNumber(raw.getUint16(offsetBytes + 2, true));
    for (let i = 0; i < 16; i++) {
      const q = raw.getUint8(offsetBytes + 4 + i);
      out[outOffset + i] = d * (q & 15) + m;
      out[outOffset + 16 + i] = d * (q >> 4) + m;
    }
  },
});
