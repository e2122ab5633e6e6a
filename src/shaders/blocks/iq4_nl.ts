/** IQ4_NL: 32 nibbles, each the number of a value in a fixed table, and one half scale; w = d value. */
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import wgsl from './iq4_nl.wgsl?raw';
import { IQ4_VALUES } from './iq4_values.ts';
import valuesWgsl from './iq4_values.wgsl?raw';
import tableWgsl from './table16.wgsl?raw';

export const IQ4_NL = fromFields({
  name: 'IQ4_NL',
  ggmlType: 20,
  blockElements: 32,
  fields: [number('f16', 'scales'), bytes(16, 'quants')],
  wgsl: [halfWgsl, tableWgsl, valuesWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    for (let i = 0; i < 16; i++) {
      const q = raw.getUint8(offsetBytes + 2 + i);
      out[outOffset + i] = d * (IQ4_VALUES[q & 15] ?? NaN);
      out[outOffset + 16 + i] = d * (IQ4_VALUES[q >> 4] ?? NaN);
    }
  },
});
