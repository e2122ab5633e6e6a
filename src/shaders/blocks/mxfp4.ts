/** MXFP4: 32 floats of four bits (e2m1) and one shared exponent (e8m0); w = 2^(e - 127) value. */
import { bytes, fromFields, number } from './fields.ts';
import wgsl from './mxfp4.wgsl?raw';
import tableWgsl from './table16.wgsl?raw';

/** Twice the value of a nibble: 1 bit of sign, 2 of exponent, 1 of mantissa. */
function twiceE2m1(nibble: number): number {
  const exponent = (nibble >> 1) & 3;
  const mantissa = nibble & 1;
  const size = exponent === 0 ? mantissa : (2 + mantissa) * 2 ** (exponent - 1);
  return nibble > 8 ? -size : size;
}

export const MXFP4 = fromFields({
  name: 'MXFP4',
  ggmlType: 39,
  blockElements: 32,
  fields: [number('e8m0', 'scales'), bytes(16, 'quants')],
  wgsl: [tableWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = 2 ** (raw.getUint8(offsetBytes) - 128);
    for (let i = 0; i < 16; i++) {
      const q = raw.getUint8(offsetBytes + 1 + i);
      out[outOffset + i] = d * twiceE2m1(q & 15);
      out[outOffset + 16 + i] = d * twiceE2m1(q >> 4);
    }
  },
});
