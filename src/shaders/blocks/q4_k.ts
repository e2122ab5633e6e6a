/** Q4_K: blocks of 256, eight groups with a 6-bit scale and minimum each; w = d s q - dmin m. Blocks are 16-byte aligned. */
import halfWgsl from '../lib/half.wgsl?raw';
import inPlaceWgsl from '../lib/in_place.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import groupWordsWgsl from './group_words.wgsl?raw';
import wgsl from './q4_k.wgsl?raw';
import int8Wgsl from './q4_k_int8.wgsl?raw';
import { scaleAndMin } from './scale_min_k.ts';
import scaleMinWgsl from './scale_min_k.wgsl?raw';
import unitWgsl from './q4_k_unit.wgsl?raw';

export const Q4_K = fromFields({
  name: 'Q4_K',
  ggmlType: 12,
  blockElements: 256,
  fields: [number('f16', 'quants'), number('f16', 'quants'), bytes(12, 'quants'), bytes(128, 'quants')],
  wgsl: [halfWgsl, inPlaceWgsl, scaleMinWgsl, wgsl, groupWordsWgsl],
  unitWgsl,
  int8Wgsl,
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes, true));
    const dmin = halfToNumber(raw.getUint16(offsetBytes + 2, true));
    for (let i = 0; i < 256; i++) {
      const group = i >> 5;
      const [scale, minimum] = scaleAndMin(raw, offsetBytes + 4, group);
      const byte = raw.getUint8(offsetBytes + 16 + (group >> 1) * 32 + (i & 31));
      out[outOffset + i] = d * scale * (group & 1 ? byte >> 4 : byte & 15) - dmin * minimum;
    }
  },
});
