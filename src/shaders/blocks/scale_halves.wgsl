// Sixteen bits, number `i`, of the plane of scales: where a block's part of it is no whole number of words.
fn scale_half(i: u32) -> u32 {
  return (ws[i >> 1u] >> ((i & 1u) * 16u)) & 0xffffu;
}

