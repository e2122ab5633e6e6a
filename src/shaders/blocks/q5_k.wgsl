// Q5_K: 11 words a block of 256, as in the file: word 0 as in Q4_K, words 1 and 2 the fifth bits (bit j of byte i: weight i
// of group j), words 3..10 the nibbles, two words for two groups (low nibbles the even group).
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let at = (group >> 3u) * 11u;
  let j = group & 7u;
  let head = wq[at];
  let sm = scale_min_k(head, j);
  let d = half_to_f32(head.x & 0xffffu) * sm.x;
  let m = vec4<f32>(half_to_f32(head.x >> 16u) * sm.y);
  let low = at + 3u + (j >> 1u) * 2u;
  let shift = vec4<u32>((j & 1u) * 4u);
  let nibbles = vec4<u32>(0x0f0f0f0fu);
  let fifth = vec4<u32>(0x01010101u);
  let four = vec4<u32>(4u);
  let a = ((wq[low] >> shift) & nibbles) | (((wq[at + 1u] >> vec4<u32>(j)) & fifth) << four);
  let b = ((wq[low + 1u] >> shift) & nibbles) | (((wq[at + 2u] >> vec4<u32>(j)) & fifth) << four);
  return array<vec4<f32>, 8>(
    bytes_u8(a.x) * d - m, bytes_u8(a.y) * d - m, bytes_u8(a.z) * d - m, bytes_u8(a.w) * d - m,
    bytes_u8(b.x) * d - m, bytes_u8(b.y) * d - m, bytes_u8(b.z) * d - m, bytes_u8(b.w) * d - m);
}
