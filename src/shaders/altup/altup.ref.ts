/** The oracles of AltUp's kernels, in f64, of one row. */

const dotOf = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? NaN) * (b[i] ?? NaN);
  return sum;
};

/** What the router multiplies: x, RMS normed and divided by its length. */
export function routedRef(x: ArrayLike<number>, weight: ArrayLike<number>, eps: number): readonly number[] {
  const scale = 1 / Math.sqrt(dotOf(x, x) / x.length + eps) / x.length;
  return Array.from({ length: x.length }, (_, i) => (x[i] ?? NaN) * (weight[i] ?? NaN) * scale);
}

/** @param x [n] @param router [4][n] @param map [numOut][4]; returns [numOut] */
export function coefficientsRef(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  router: readonly ArrayLike<number>[],
  map: readonly ArrayLike<number>[],
  eps: number,
): readonly number[] {
  const normed = routedRef(x, weight, eps);
  const modal = router.map((row) => Math.tanh(dotOf(normed, row)));
  return map.map((row) => dotOf(row, modal));
}

/** @param streams [4][n] @param k [4, 4]; returns [4][n] */
export function predictRef(streams: readonly ArrayLike<number>[], k: ArrayLike<number>): readonly Float64Array[] {
  return streams.map((own, a) =>
    Float64Array.from(own, (value, i) =>
      streams.reduce((sum, other, c) => sum + (k[a * 4 + c] ?? NaN) * (other[i] ?? NaN), value),
    ),
  );
}

/** @param predicted [4][n] @param k [4]; returns [4][n] */
export function correctRef(
  predicted: readonly ArrayLike<number>[],
  active: ArrayLike<number>,
  k: ArrayLike<number>,
): readonly Float64Array[] {
  const first = predicted[0] ?? [];
  return predicted.map((own, a) =>
    Float64Array.from(own, (value, i) => value + ((active[i] ?? NaN) - (first[i] ?? NaN)) * ((k[a] ?? NaN) + 1)),
  );
}

/** y as long as x. */
export function matchLengthRef(x: ArrayLike<number>, y: ArrayLike<number>): Float64Array {
  const factor = Math.sqrt(dotOf(x, x) / dotOf(y, y));
  return Float64Array.from(y, (value) => value * factor);
}

/** Of a sample. */
export function momentsRef(x: ArrayLike<number>): { readonly mean: number; readonly deviation: number } {
  const values = Float64Array.from(x);
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, deviation: Math.sqrt(variance) };
}

/** What exceeds mean + factor * standard deviation. */
export function sparsifyRef(x: ArrayLike<number>, factor: number): Float64Array {
  const { mean, deviation } = momentsRef(x);
  const cut = mean + factor * deviation;
  return Float64Array.from(x, (value) => Math.max(0, value - cut));
}
