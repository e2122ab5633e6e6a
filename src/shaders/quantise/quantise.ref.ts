/** The oracle of rows as signed bytes with a scale for each 32: as ggml's q8_0 and q8_1 have it, but for the width of the scale. */

export interface Int8Rows {
  /** [numRows, K] two's complement bytes. */
  readonly quants: Int8Array<ArrayBuffer>;
  /** [numRows, K / 32, 2] scale, and sum of the bytes. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** @param x [numRows, K], K a multiple of 32 */
export function quantiseRowsRef(x: ArrayLike<number>): Int8Rows {
  const quants = new Int8Array(x.length);
  const scales = new Float32Array(x.length / 16);
  for (let first = 0; first < x.length; first += 32) {
    let top = 0;
    for (let i = first; i < first + 32; i++) top = Math.max(top, Math.abs(x[i] ?? NaN));
    let sum = 0;
    for (let i = first; i < first + 32; i++) {
      const q = top > 1e-30 ? roundHalfEven(((x[i] ?? NaN) * 127) / top) : 0;
      quants[i] = q;
      sum += q;
    }
    scales.set([top / 127, sum], first / 16);
  }
  return { quants, scales };
}

/** What the bytes stand for. @returns [numRows, K] */
export function dequantiseRowsRef({ quants, scales }: Int8Rows): Float64Array<ArrayBuffer> {
  return Float64Array.from(quants, (q, i) => q * (scales[2 * (i >> 5)] ?? NaN));
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}
