/** What Q4_K and Q5_K share: the 6-bit scales and minima of eight groups, packed into twelve bytes. */

/** 6-bit scale and minimum of group `j` from the twelve bytes at `at`. */
export function scaleAndMin(raw: DataView, at: number, j: number): readonly [number, number] {
  const byte = (i: number) => raw.getUint8(at + i);
  if (j < 4) return [byte(j) & 63, byte(j + 4) & 63];
  return [(byte(j + 4) & 15) | ((byte(j - 4) >> 6) << 4), (byte(j + 4) >> 4) | ((byte(j) >> 6) << 4)];
}
