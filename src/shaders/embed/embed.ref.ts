/** The oracle of the gather: row r of the output is the table's row of token r. */

/** @param table [numTokens, width]; returns [tokens.length, width]; a token past the table gives NaN. */
export function embedRef(table: ArrayLike<number>, width: number, tokens: readonly number[]): Float64Array {
  const out = new Float64Array(tokens.length * width);
  tokens.forEach((token, r) => {
    for (let i = 0; i < width; i++) out[r * width + i] = table[token * width + i] ?? NaN;
  });
  return out;
}
