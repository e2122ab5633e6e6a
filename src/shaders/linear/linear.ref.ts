/** The oracle of the matrix product: out[m, n] = sum over k of x[m, k] w[n, k], the plain loop. */

export interface Product {
  readonly value: number;
  /** 2-norm of the products that were summed: what the tolerance is a multiple of. */
  readonly norm: number;
}

/** @param x [numRows, K] @param w [numOut, K]; returns [numRows, numOut] */
export function linearRef(x: ArrayLike<number>, w: ArrayLike<number>, numRows: number, numOut: number): Product[] {
  const rowElements = w.length / numOut;
  const out: Product[] = [];
  for (let m = 0; m < numRows; m++) {
    for (let n = 0; n < numOut; n++) {
      let value = 0;
      let squares = 0;
      for (let k = 0; k < rowElements; k++) {
        const product = (x[m * rowElements + k] ?? NaN) * (w[n * rowElements + k] ?? NaN);
        value += product;
        squares += product * product;
      }
      out.push({ value, norm: Math.sqrt(squares) });
    }
  }
  return out;
}
