// Q2_K: 5 words a block of 256: word 0 sixteen bytes of a scale (low nibble) and a minimum, words 1..4 pairs of bits, two
// words for four groups. In the other plane one word: d and dmin.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let block = group >> 3u;
  let j = group & 7u;
  let at = block * 5u;
  let head = wq[at];
  let word = select(select(head.x, head.y, (j & 3u) > 1u), select(head.z, head.w, (j & 3u) > 1u), j > 3u);
  let both = word >> ((j & 1u) * 16u);
  let low = at + 1u + (j >> 2u) * 2u;
  let shift = vec4<u32>((j & 3u) * 2u);
  let a = (wq[low] >> shift) & vec4<u32>(0x03030303u);
  let b = (wq[low + 1u] >> shift) & vec4<u32>(0x03030303u);
  let d = half_to_f32(ws[block] & 0xffffu);
  let dmin = half_to_f32(ws[block] >> 16u);
  let s = d * f32(both & 15u);
  let t = d * f32((both >> 8u) & 15u);
  let m = vec4<f32>(dmin * f32((both >> 4u) & 15u));
  let n = vec4<f32>(dmin * f32((both >> 12u) & 15u));
  return array<vec4<f32>, 8>(
    bytes_u8(a.x) * s - m, bytes_u8(a.y) * s - m, bytes_u8(a.z) * s - m, bytes_u8(a.w) * s - m,
    bytes_u8(b.x) * t - n, bytes_u8(b.y) * t - n, bytes_u8(b.z) * t - n, bytes_u8(b.w) * t - n);
}
