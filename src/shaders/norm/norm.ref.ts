/** The oracles of norms: x / sqrt(mean(x^2) + eps) * weight, and the same of x less its mean. */

/** @param x [width]; returns [width] */
export function rmsNormRef(x: ArrayLike<number>, weight: ArrayLike<number>, eps: number): Float64Array {
  const scale = rmsScale(x, eps);
  return Float64Array.from(x, (value, i) => value * scale * (weight[i] ?? NaN));
}

export interface LayerNormed {
  readonly values: Float64Array; // [width]
  /** The largest element of x, and what the differences were multiplied with: what a tolerance is derived from. */
  readonly largest: number;
  readonly scale: number;
}

/** Without the bias. @param x [width] */
export function layerNormRef(x: ArrayLike<number>, weight: ArrayLike<number>, eps: number): LayerNormed {
  const elements = Float64Array.from(x);
  const mean = elements.reduce((sum, value) => sum + value, 0) / elements.length;
  const centred = elements.map((value) => value - mean);
  const scale = rmsScale(centred, eps);
  return {
    values: centred.map((value, i) => value * scale * (weight[i] ?? NaN)),
    largest: elements.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
    scale,
  };
}

function rmsScale(x: ArrayLike<number>, eps: number): number {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += (x[i] ?? NaN) ** 2;
  return 1 / Math.sqrt(squares / x.length + eps);
}
