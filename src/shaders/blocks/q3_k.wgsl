// Q3_K: 6 words a block of 256: words 0 and 1 the third bits (bit j of byte i: weight i of group j), words 2..5 pairs of
// bits, two words for four groups. In the other plane seven times sixteen bits: the lower four bits of sixteen scales, the
// upper two, and the half scale. Scales are offset by 32, weights by 4.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let block = group >> 3u;
  let j = group & 7u;
  let at = block * 6u;
  let low = at + 2u + (j >> 2u) * 2u;
  let shift = vec4<u32>((j & 3u) * 2u);
  let pairs = vec4<u32>(0x03030303u);
  let third = vec4<u32>(0x01010101u);
  let a = ((wq[low] >> shift) & pairs) | (((wq[at] >> vec4<u32>(j)) & third) << vec4<u32>(2u));
  let b = ((wq[low + 1u] >> shift) & pairs) | (((wq[at + 1u] >> vec4<u32>(j)) & third) << vec4<u32>(2u));
  // The two scales of a group lie side by side.
  let first = block * 7u;
  let lower = (scale_half(first + (j & 3u)) >> ((j >> 2u) * 4u)) & 0x0f0fu;
  let upper = (scale_half(first + 4u + (j & 1u)) >> ((j >> 1u) * 2u)) & 0x0303u;
  let both = lower | (upper << 4u);
  let d = half_to_f32(scale_half(first + 6u));
  let s = (f32(both & 255u) - 32.0) * d;
  let t = (f32(both >> 8u) - 32.0) * d;
  let o = vec4<f32>(4.0);
  return array<vec4<f32>, 8>(
    (bytes_u8(a.x) - o) * s, (bytes_u8(a.y) - o) * s, (bytes_u8(a.z) - o) * s, (bytes_u8(a.w) - o) * s,
    (bytes_u8(b.x) - o) * t, (bytes_u8(b.y) - o) * t, (bytes_u8(b.z) - o) * t, (bytes_u8(b.w) - o) * t);
}
