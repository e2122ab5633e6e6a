// Q5_0: one word of 32 nibbles a group (low nibbles are weights 0..15, high ones 16..31); in the other plane three times
// sixteen bits: the half scale, and the fifth bits. Offset 16.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let at = group * 3u;
  let d = half_to_f32(scale_half(at));
  let fifth = scale_half(at + 1u) | (scale_half(at + 2u) << 16u);
  let q = wq[group];
  let p = q >> vec4<u32>(4u);
  let o = vec4<f32>(16.0);
  return array<vec4<f32>, 8>(
    (five_bits(q.x, fifth) - o) * d, (five_bits(q.y, fifth >> 4u) - o) * d,
    (five_bits(q.z, fifth >> 8u) - o) * d, (five_bits(q.w, fifth >> 12u) - o) * d,
    (five_bits(p.x, fifth >> 16u) - o) * d, (five_bits(p.y, fifth >> 20u) - o) * d,
    (five_bits(p.z, fifth >> 24u) - o) * d, (five_bits(p.w, fifth >> 28u) - o) * d);
}
