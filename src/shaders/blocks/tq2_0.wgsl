// TQ2_0: 4 words a block of 256, two words for four groups, two bits a weight, which is -1, 0 or 1; one half scale.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let block = group >> 3u;
  let at = block * 4u + ((group >> 2u) & 1u) * 2u;
  let shift = vec4<u32>((group & 3u) * 2u);
  let d = half_of(ws[block >> 1u], block);
  let a = (wq[at] >> shift) & vec4<u32>(0x03030303u);
  let b = (wq[at + 1u] >> shift) & vec4<u32>(0x03030303u);
  let o = vec4<f32>(1.0);
  return array<vec4<f32>, 8>(
    (bytes_u8(a.x) - o) * d, (bytes_u8(a.y) - o) * d, (bytes_u8(a.z) - o) * d, (bytes_u8(a.w) - o) * d,
    (bytes_u8(b.x) - o) * d, (bytes_u8(b.y) - o) * d, (bytes_u8(b.z) - o) * d, (bytes_u8(b.w) - o) * d);
}
