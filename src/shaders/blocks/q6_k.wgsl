// Q6_K: 13 words a block of 256: 8 of low nibbles, 4 of high bit pairs, 1 of sixteen signed scales; d in the other
// plane. Group j: half j/4, quarter j%4; quarters 0 and 2 share low-nibble bytes, as do 1 and 3.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let block = group >> 3u;
  let at = block * 13u;
  let part = (group >> 2u) & 1u;
  let quarter = group & 3u;
  let low_at = at + part * 4u + (quarter & 1u) * 2u;
  let low_shift = vec4<u32>((quarter >> 1u) * 4u);
  let high_shift = vec4<u32>(quarter * 2u);
  let nibbles = vec4<u32>(0x0f0f0f0fu);
  let pairs = vec4<u32>(0x03030303u);
  let a = ((wq[low_at] >> low_shift) & nibbles) | (((wq[at + 8u + part * 2u] >> high_shift) & pairs) << vec4<u32>(4u));
  let b = ((wq[low_at + 1u] >> low_shift) & nibbles) | (((wq[at + 9u + part * 2u] >> high_shift) & pairs) << vec4<u32>(4u));
  let d = half_of(ws[block >> 1u], block);
  let scales = wq[at + 12u];
  let word = select(select(scales.x, scales.y, quarter > 1u), select(scales.z, scales.w, quarter > 1u), part == 1u);
  let both = bytes_i8(word >> ((quarter & 1u) * 16u));
  let s = both.x * d;
  let t = both.y * d;
  let o = vec4<f32>(32.0);
  return array<vec4<f32>, 8>(
    (bytes_u8(a.x) - o) * s, (bytes_u8(a.y) - o) * s, (bytes_u8(a.z) - o) * s, (bytes_u8(a.w) - o) * s,
    (bytes_u8(b.x) - o) * t, (bytes_u8(b.y) - o) * t, (bytes_u8(b.z) - o) * t, (bytes_u8(b.w) - o) * t);
}
