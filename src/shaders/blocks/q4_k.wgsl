// Q4_K: 9 words a block of 256, as in the file: word 0 holds d, dmin and twelve bytes of 6-bit scales and minima for
// eight groups, words 1..8 the nibbles, two words for two groups (low nibbles the even group).
// Group j of a block, given its two words of nibbles.
fn group_q4k(head: vec4<u32>, j: u32, words_a: vec4<u32>, words_b: vec4<u32>) -> array<vec4<f32>, 8> {
  let sm = scale_min_k(head, j);
  let d = half_to_f32(head.x & 0xffffu) * sm.x * UNITS;
  let m = vec4<f32>(half_to_f32(head.x >> 16u) * sm.y);
  let shift = vec4<u32>((j & 1u) * 4u);
  let a = words_a >> shift;
  let b = words_b >> shift;
  return array<vec4<f32>, 8>(
    low_nibbles(a.x) * d - m, low_nibbles(a.y) * d - m, low_nibbles(a.z) * d - m, low_nibbles(a.w) * d - m,
    low_nibbles(b.x) * d - m, low_nibbles(b.y) * d - m, low_nibbles(b.z) * d - m, low_nibbles(b.w) * d - m);
}

fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let at = (group >> 3u) * 9u;
  let j = group & 7u;
  return group_q4k(wq[at], j, wq[at + 1u + (j >> 1u) * 2u], wq[at + 2u + (j >> 1u) * 2u]);
}
