/** TQ2_0: blocks of 256 ternary weights in two bits each, one half scale; w = d (q - 1). */
import bytesWgsl from '../lib/bytes.wgsl?raw';
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import wgsl from './tq2_0.wgsl?raw';

export const TQ2_0 = fromFields({
  name: 'TQ2_0',
  ggmlType: 35,
  blockElements: 256,
  fields: [bytes(64, 'quants'), number('f16', 'scales')],
  wgsl: [halfWgsl, bytesWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes + 64, true));
    for (let i = 0; i < 256; i++) {
      const group = i >> 5;
      const byte = raw.getUint8(offsetBytes + (group >> 2) * 32 + (i & 31));
      out[outOffset + i] = d * (((byte >> (2 * (group & 3))) & 3) - 1);
    }
  },
});
