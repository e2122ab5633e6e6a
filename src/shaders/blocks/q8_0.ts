/** Q8_0: 32 signed bytes and one half scale; w = d q. */
import halfWgsl from '../lib/half.wgsl?raw';
import inPlaceWgsl from '../lib/in_place.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import groupWordsWgsl from './group_words.wgsl?raw';
import wgsl from './q8_0.wgsl?raw';
import int8Wgsl from './q8_0_int8.wgsl?raw';
import dotsWgsl from './q8_0_dots.wgsl?raw';
import unitWgsl from './q8_0_unit.wgsl?raw';
import wideUnitWgsl from './q8_0_unit_wide.wgsl?raw';

export const Q8_0 = fromFields({
  name: 'Q8_0',
  ggmlType: 8,
  blockElements: 32,
  fields: [number('f16', 'scales'), bytes(32, 'quants')],
  wgsl: [halfWgsl, inPlaceWgsl, wgsl, groupWordsWgsl],
  unitWgsl: dotsWgsl + unitWgsl,
  wideUnitWgsl: dotsWgsl + wideUnitWgsl,
  int8Wgsl,
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    for (let i = 0; i < 32; i++) out[outOffset + i] = d * raw.getInt8(offsetBytes + 2 + i);
  },
});
