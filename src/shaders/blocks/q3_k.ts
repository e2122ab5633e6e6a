/** Q3_K: blocks of 256 3-bit weights, sixteen 6-bit scales, one half scale; w = d (s - 32) (q - 4). */
import bytesWgsl from '../lib/bytes.wgsl?raw';
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import wgsl from './q3_k.wgsl?raw';
import scaleHalvesWgsl from './scale_halves.wgsl?raw';

/** Scale `n` of sixteen from the twelve bytes at `at`: eight bytes of nibbles, four of pairs of bits. */
function scaleOf(raw: DataView, at: number, n: number): number {
  const lower = (raw.getUint8(at + (n & 7)) >> (n < 8 ? 0 : 4)) & 15;
  const upper = (raw.getUint8(at + 8 + (n & 3)) >> (2 * (n >> 2))) & 3;
  return (lower | (upper << 4)) - 32;
}

export const Q3_K = fromFields({
  name: 'Q3_K',
  ggmlType: 11,
  blockElements: 256,
  // third bits, pairs of bits, scales, d
  fields: [bytes(32, 'quants'), bytes(64, 'quants'), bytes(12, 'scales'), number('f16', 'scales')],
  wgsl: [halfWgsl, bytesWgsl, scaleHalvesWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes + 108, true));
    for (let i = 0; i < 256; i++) {
      const group = i >> 5;
      const lane = i & 31;
      const low = (raw.getUint8(offsetBytes + 32 + (group >> 2) * 32 + lane) >> (2 * (group & 3))) & 3;
      const third = (raw.getUint8(offsetBytes + lane) >> group) & 1;
      out[outOffset + i] = d * scaleOf(raw, offsetBytes + 96, i >> 4) * ((low | (third << 2)) - 4);
    }
  },
});
