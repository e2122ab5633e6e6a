/** Whether rows of signed bytes are what f32 rows round to, for the tests of what writes them. It runs nothing. */
import { EPS32, type Expected } from '../vectors/tolerance.ts';

const SHOWN = 5;

/**
 * What is off, ready to print: a scale that is not largest / 127 (a product: an ulp, and what `values` are off by), a byte
 * further from x / scale than half a step and the error of taking it (the quotient 127 / largest 2.5 ulp, the product half an
 * ulp, of at most 127 steps), a sum that is not that of the bytes.
 *
 * @param values of [rows, K] exact, each with what the kernel's own may be off by
 */
export function int8Differences(
  quants: ArrayBuffer,
  scales: ArrayBuffer,
  values: readonly Expected[],
): readonly string[] {
  const bytes = new Int8Array(quants, 0, values.length);
  const pairs = new Float32Array(scales, 0, values.length / 16);
  const lines: string[] = [];
  for (let first = 0; first < values.length; first += 32) {
    const group = values.slice(first, first + 32);
    const top = group.reduce((largest, { value }) => Math.max(largest, Math.abs(value)), 0);
    const slack = group.reduce((largest, { tolerance }) => Math.max(largest, tolerance), 0);
    const [scale = NaN, sum = NaN] = pairs.subarray(first / 16);
    if (!(Math.abs(scale - top / 127) <= EPS32 * (top / 127) + slack / 127)) {
      lines.push(`scale ${String(first / 32)} is ${String(scale)}, not ${String(top / 127)}`);
    }
    let total = 0;
    group.forEach(({ value }, i) => {
      const byte = bytes[first + i] ?? NaN;
      total += byte;
      const steps = top > 1e-30 ? (value * 127) / top : 0;
      const error = top > 1e-30 ? 127 * (4 * EPS32 + (2 * slack) / top) : 0;
      if (!(Math.abs(byte - steps) <= 0.5 + error))
        lines.push(`[${String(first + i)}] ${String(byte)}, not ${String(steps)}`);
    });
    if (total !== sum) lines.push(`sum ${String(first / 32)} is ${String(sum)}, not ${String(total)}`);
  }
  return lines.slice(0, SHOWN);
}
