// Q4_K: 9 words a block of 256, as in the file: word 0 holds d, dmin and twelve bytes of 6-bit scales and minima for
// eight groups, words 1..8 the nibbles, two words for two groups (low nibbles the even group).
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let at = (group >> 3u) * 9u;
  let j = group & 7u;
  let head = wq[at];
  let sm = scale_min_k(head, j);
  let d = half_to_f32(head.x & 0xffffu) * sm.x;
  let m = vec4<f32>(half_to_f32(head.x >> 16u) * sm.y);
  let shift = vec4<u32>((j & 1u) * 4u);
  let a = (wq[at + 1u + (j >> 1u) * 2u] >> shift) & vec4<u32>(0x0f0f0f0fu);
  let b = (wq[at + 2u + (j >> 1u) * 2u] >> shift) & vec4<u32>(0x0f0f0f0fu);
  return array<vec4<f32>, 8>(
    bytes_u8(a.x) * d - m, bytes_u8(a.y) * d - m, bytes_u8(a.z) * d - m, bytes_u8(a.w) * d - m,
    bytes_u8(b.x) * d - m, bytes_u8(b.y) * d - m, bytes_u8(b.z) * d - m, bytes_u8(b.w) * d - m);
}
