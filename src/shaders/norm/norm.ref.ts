/** The oracle of the RMS norm: x / sqrt(mean(x^2) + eps) * weight. */

/** @param x [width]; returns [width] */
export function rmsNormRef(x: ArrayLike<number>, weight: ArrayLike<number>, eps: number): Float64Array {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += (x[i] ?? NaN) ** 2;
  const scale = 1 / Math.sqrt(squares / x.length + eps);
  return Float64Array.from(x, (value, i) => value * scale * (weight[i] ?? NaN));
}
