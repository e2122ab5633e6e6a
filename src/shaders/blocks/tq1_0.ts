/** TQ1_0: blocks of 256 ternary weights, five a byte (four in the last four bytes), one half scale; w = d (trit - 1). */
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber } from './block-type.ts';
import { bytes, fromFields, number } from './fields.ts';
import scaleHalvesWgsl from './scale_halves.wgsl?raw';
import wgsl from './tq1_0.wgsl?raw';

/** Runs of `numBytes` bytes, of which digit 0 comes first, then digit 1, and so on. */
const RUNS = [
  { firstByte: 0, numBytes: 32, numDigits: 5 },
  { firstByte: 32, numBytes: 16, numDigits: 5 },
  { firstByte: 48, numBytes: 4, numDigits: 4 },
] as const;

/** Digit `n` behind the point of byte / 256 to the base of three. */
function trit(byte: number, n: number): number {
  return Math.floor((((byte * 3 ** n) % 256) * 3) / 256);
}

export const TQ1_0 = fromFields({
  name: 'TQ1_0',
  ggmlType: 34,
  blockElements: 256,
  // bytes of five, bytes of four, d
  fields: [bytes(48, 'quants'), bytes(4, 'scales'), number('f16', 'scales')],
  wgsl: [halfWgsl, scaleHalvesWgsl, wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    const d = halfToNumber(raw.getUint16(offsetBytes + 52, true));
    let i = outOffset;
    for (const { firstByte, numBytes, numDigits } of RUNS) {
      for (let n = 0; n < numDigits; n++) {
        for (let m = 0; m < numBytes; m++) out[i++] = d * (trit(raw.getUint8(offsetBytes + firstByte + m), n) - 1);
      }
    }
  },
});
