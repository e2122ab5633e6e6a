/** Q5_K: Q4_K with a fifth bit; w = d s q - dmin m. Blocks are 16-byte aligned. */
import bytesWgsl from '../lib/bytes.wgsl?raw';
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import wgsl from './q5_k.wgsl?raw';
import { scaleAndMin } from './scale_min_k.ts';
import scaleMinWgsl from './scale_min_k.wgsl?raw';

export const Q5_K = fromFields({
  name: 'Q5_K',
  ggmlType: 13,
  blockElements: 256,
  fields: [
    number('f16', 'quants'), // d
    number('f16', 'quants'), // dmin
    bytes(12, 'quants'), // scales and minima
    bytes(32, 'quants'), // fifth bits
    bytes(128, 'quants'), // nibbles
  ],
  wgsl: [halfWgsl, bytesWgsl, scaleMinWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    const dmin = halfToNumber(raw.getUint16(offsetBytes + 2, true));
    for (let i = 0; i < 256; i++) {
      const group = i >> 5;
      const lane = i & 31;
      const [scale, minimum] = scaleAndMin(raw, offsetBytes + 4, group);
      const byte = raw.getUint8(offsetBytes + 48 + (group >> 1) * 32 + lane);
      const fifth = (raw.getUint8(offsetBytes + 16 + lane) >> group) & 1;
      const q = (group & 1 ? byte >> 4 : byte & 15) | (fifth << 4);
      out[outOffset + i] = d * scale * q - dmin * minimum;
    }
  },
});
