/** IQ4_XS: blocks of 256 weights, eight groups as in IQ4_NL with a 6-bit scale each, one half scale; w = d (s - 32) value. */
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import { IQ4_VALUES } from './iq4_values.ts';
import valuesWgsl from './iq4_values.wgsl?raw';
import wgsl from './iq4_xs.wgsl?raw';
import tableWgsl from './table16.wgsl?raw';

export const IQ4_XS = fromFields({
  name: 'IQ4_XS',
  ggmlType: 23,
  blockElements: 256,
  // d, upper two bits of the scales, lower four, nibbles
  fields: [number('f16', 'scales'), bytes(2, 'scales'), bytes(4, 'scales'), bytes(128, 'quants')],
  wgsl: [halfWgsl, tableWgsl, valuesWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    const upper = raw.getUint16(offsetBytes + 2, true);
    const lower = raw.getUint32(offsetBytes + 4, true);
    for (let i = 0; i < 256; i++) {
      const group = i >> 5;
      const scale = (((lower >>> (4 * group)) & 15) | (((upper >> (2 * group)) & 3) << 4)) - 32;
      const byte = raw.getUint8(offsetBytes + 8 + group * 16 + (i & 15));
      out[outOffset + i] = d * scale * (IQ4_VALUES[i & 16 ? byte >> 4 : byte & 15] ?? NaN);
    }
  },
});
