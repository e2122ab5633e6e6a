/** Q6_K: blocks of 256 6-bit weights, sixteen signed scales, one half scale; w = d s (q - 32). */
import halfWgsl from '../lib/half.wgsl?raw';
import inPlaceWgsl from '../lib/in_place.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import groupWordsWgsl from './group_words.wgsl?raw';
import wgsl from './q6_k.wgsl?raw';
import int8Wgsl from './q6_k_int8.wgsl?raw';
import unitWgsl from './q6_k_unit.wgsl?raw';

export const Q6_K = fromFields({
  name: 'Q6_K',
  ggmlType: 14,
  blockElements: 256,
  fields: [bytes(128, 'quants'), bytes(64, 'quants'), bytes(16, 'quants'), number('f16', 'scales')],
  wgsl: [halfWgsl, inPlaceWgsl, wgsl, groupWordsWgsl],
  unitWgsl,
  int8Wgsl,
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes + 208, true));
    for (let i = 0; i < 256; i++) {
      const half = i >> 7;
      const quarter = (i & 127) >> 5;
      const lane = i & 31;
      const low = raw.getUint8(offsetBytes + half * 64 + lane + 32 * (quarter & 1));
      const high = (raw.getUint8(offsetBytes + 128 + half * 32 + lane) >> (2 * quarter)) & 3;
      const q = (quarter < 2 ? low & 15 : low >> 4) | (high << 4);
      out[outOffset + i] = d * raw.getInt8(offsetBytes + 192 + (i >> 4)) * (q - 32);
    }
  },
});
