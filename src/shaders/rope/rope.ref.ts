/** The oracle of the rotation: pairs of a head's elements turned by given angles, the rest as it is. */

export interface Rotated {
  readonly value: number;
  /** The two products whose sum it is; the second is 0 where nothing is rotated. */
  readonly products: readonly [number, number];
}

/**
 * @param head [headDim]
 * @param angles (cos, sin) of each pair, [rotDim / 2][2]
 * @param halves pairs (i, i + rotDim / 2) instead of (2i, 2i + 1)
 */
export function rotateRef(
  head: ArrayLike<number>,
  angles: ArrayLike<number>,
  rotDim: number,
  halves: boolean,
): Rotated[] {
  const out: Rotated[] = Array.from(head, (value) => ({ value, products: [value, 0] as const }));
  for (let i = 0; i < rotDim / 2; i++) {
    const [first, second] = halves ? [i, i + rotDim / 2] : [2 * i, 2 * i + 1];
    const [x, y] = [head[first] ?? NaN, head[second] ?? NaN];
    const [cos, sin] = [angles[2 * i] ?? NaN, angles[2 * i + 1] ?? NaN];
    out[first] = { value: x * cos - y * sin, products: [x * cos, y * sin] };
    out[second] = { value: x * sin + y * cos, products: [x * sin, y * cos] };
  }
  return out;
}
