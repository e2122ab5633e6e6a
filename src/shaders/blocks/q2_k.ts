/** Q2_K: blocks of 256 2-bit weights, sixteen 4-bit scales and minima, a half scale of either; w = d s q - dmin m. */
import bytesWgsl from '../lib/bytes.wgsl?raw';
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import wgsl from './q2_k.wgsl?raw';

export const Q2_K = fromFields({
  name: 'Q2_K',
  ggmlType: 10,
  blockElements: 256,
  // scales and minima, pairs of bits, d, dmin
  fields: [bytes(16, 'quants'), bytes(64, 'quants'), number('f16', 'scales'), number('f16', 'scales')],
  wgsl: [halfWgsl, bytesWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes + 80, true));
    const dmin = halfToNumber(raw.getUint16(offsetBytes + 82, true));
    for (let i = 0; i < 256; i++) {
      const group = i >> 5;
      const scales = raw.getUint8(offsetBytes + (i >> 4));
      const q = (raw.getUint8(offsetBytes + 16 + (group >> 2) * 32 + (i & 31)) >> (2 * (group & 3))) & 3;
      out[outOffset + i] = d * (scales & 15) * q - dmin * (scales >> 4);
    }
  },
});
