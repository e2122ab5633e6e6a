/** Q4_0: 32 nibbles and one half scale; w = d (q - 8). */
import halfWgsl from '../lib/half.wgsl?raw';
import inPlaceWgsl from '../lib/in_place.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import groupWordsWgsl from './group_words.wgsl?raw';
import wgsl from './q4_0.wgsl?raw';
import int8Wgsl from './q4_0_int8.wgsl?raw';
import dotsWgsl from './q4_0_dots.wgsl?raw';
import unitWgsl from './q4_0_unit.wgsl?raw';
import wideUnitWgsl from './q4_0_unit_wide.wgsl?raw';

export const Q4_0 = fromFields({
  name: 'Q4_0',
  ggmlType: 2,
  blockElements: 32,
  fields: [number('f16', 'scales'), bytes(16, 'quants')],
  wgsl: [halfWgsl, inPlaceWgsl, wgsl, groupWordsWgsl],
  unitWgsl: dotsWgsl + unitWgsl,
  wideUnitWgsl: dotsWgsl + wideUnitWgsl,
  int8Wgsl,
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    for (let i = 0; i < 16; i++) {
      const q = raw.getUint8(offsetBytes + 2 + i);
      out[outOffset + i] = d * ((q & 15) - 8);
      out[outOffset + 16 + i] = d * ((q >> 4) - 8);
    }
  },
});
