/** The oracle of causal convolutions: the plain loop over all tokens of one sequence, in f64. */

/**
 * out[t][c] = bias[c] + sum over k of weight[c][k] * all[t + k][c], `all` being the tail and then the inputs.
 *
 * @param inputs [numTokens][channels]
 * @param weight [channels][taps]
 * @param tail [taps - 1][channels], the oldest first
 */
export function causalConvRef(
  inputs: readonly ArrayLike<number>[],
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  tail: readonly ArrayLike<number>[],
): { readonly sums: readonly Float64Array[]; readonly norms: readonly Float64Array[] } {
  const taps = tail.length + 1;
  const all = [...tail, ...inputs];
  const sums: Float64Array[] = [];
  const norms: Float64Array[] = []; // 2-norms of the products, for tolerances
  inputs.forEach((input, t) => {
    const sum = Float64Array.from({ length: input.length }, (_, c) => bias?.[c] ?? 0);
    const squares = sum.map((value) => value ** 2);
    for (let k = 0; k < taps; k++) {
      for (let c = 0; c < input.length; c++) {
        const product = (weight[c * taps + k] ?? NaN) * (all[t + k]?.[c] ?? NaN);
        sum[c] = (sum[c] ?? NaN) + product;
        squares[c] = (squares[c] ?? NaN) + product ** 2;
      }
    }
    sums.push(sum);
    norms.push(squares.map(Math.sqrt));
  });
  return { sums, norms };
}
