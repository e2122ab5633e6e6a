// The row of x that row r of the output is made of: r, or, of rows that want logits, the one that row_index names.
fn source_row(r: u32) -> u32 {
  if (params.head_rows == 1u) {
    return row_index[r];
  }
  return r;
}
