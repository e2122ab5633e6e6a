// What a row of an encoder sees: `window` keys on either side, of a text that is in the cache as a whole. The last word of a
// sequence's block table is the number of its tokens.
fn first_visible(position: u32, window: u32) -> u32 {
  return position - min(position, window);
}

fn last_visible(row: Row, window: u32) -> u32 {
  let last = block_tables[(row.sequence + 1u) * step.table_stride - 1u] - 1u;
  return row.position + min(last - row.position, window);
}
