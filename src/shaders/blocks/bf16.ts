/** BF16: the upper halves of f32 weights. */
import wgsl from './bf16.wgsl?raw';
import { fromFields, number } from './fields.ts';
import pairsWgsl from './pairs16.wgsl?raw';

/** The number that 16 bits are: 1 of sign, 8 of exponent, 7 of mantissa. */
function bfloatToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 7) & 255;
  const mantissa = bits & 127;
  if (exponent === 0) return sign * mantissa * 2 ** -133;
  if (exponent === 255) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (1 + mantissa / 128) * 2 ** (exponent - 127);
}

export const BF16 = fromFields({
  name: 'BF16',
  ggmlType: 30,
  blockElements: 1,
  fields: [number('bf16', 'quants')],
  wgsl: [wgsl, pairsWgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    out[outOffset] = bfloatToNumber(raw.getUint16(offsetBytes, true));
  },
});
