/** The oracle of the transform: H x / sqrt(n) for every block of n, from the definition H[i][j] = (-1)^popcount(i & j). */
export function hadamardRef(x: ArrayLike<number>, blockElements: number): Float64Array {
  return Float64Array.from(x, (_, at) => {
    const i = at % blockElements;
    let sum = 0;
    for (let j = 0; j < blockElements; j++) {
      const value = x[at - i + j] ?? NaN;
      sum += isOdd(i & j) ? -value : value;
    }
    return sum / Math.sqrt(blockElements);
  });
}

function isOdd(bits: number): boolean {
  let odd = false;
  for (let rest = bits; rest > 0; rest &= rest - 1) odd = !odd;
  return odd;
}
