/** The oracle of attention for one row and one head: softmax of the scaled scores, then the weighted mean of the values. */

export interface Attended {
  /** [headDim] */
  readonly values: Float64Array;
  /** Largest 2-norm of the products of a score, scaled: what a score's tolerance is a multiple of. */
  readonly scoreNorm: number;
  readonly largestValue: number;
}

export interface Visible {
  readonly firstKey: number;
  /** At least firstKey + 1. */
  readonly numKeys: number;
  /** Of scores: cap tanh(score / cap); 0: none. */
  readonly softcap: number;
  /** A logit that takes its share of the softmax and has no value. */
  readonly sink?: number | undefined;
}

/** @param q [headDim] @param keys, values functions of (position, element) */
export function attentionRef(
  q: ArrayLike<number>,
  keys: (position: number, element: number) => number,
  values: (position: number, element: number) => number,
  { firstKey, numKeys, softcap, sink = -Infinity }: Visible,
  scale: number,
): Attended {
  const scores: number[] = [];
  let scoreNorm = 0;
  for (let p = firstKey; p < numKeys; p++) {
    let dot = 0;
    let squares = 0;
    for (let e = 0; e < q.length; e++) {
      const product = (q[e] ?? NaN) * keys(p, e);
      dot += product;
      squares += product * product;
    }
    const score = dot * scale;
    scores.push(softcap === 0 ? score : softcap * Math.tanh(score / softcap));
    scoreNorm = Math.max(scoreNorm, Math.sqrt(squares) * scale);
  }
  const top = scores.reduce((a, b) => Math.max(a, b), sink);
  const weights = scores.map((score) => Math.exp(score - top));
  const sum = weights.reduce((a, b) => a + b, Math.exp(sink - top));
  const out = new Float64Array(q.length);
  let largestValue = 0;
  weights.forEach((weight, i) => {
    for (let e = 0; e < out.length; e++) {
      const value = values(firstKey + i, e);
      out[e] = (out[e] ?? NaN) + (weight / sum) * value;
      largestValue = Math.max(largestValue, Math.abs(value));
    }
  });
  return { values: out, scoreNorm, largestValue };
}
