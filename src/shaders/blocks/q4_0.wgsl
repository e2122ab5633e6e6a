// Q4_0: one word of 32 nibbles a group (low nibbles are weights 0..15, high ones 16..31), one half scale, offset 8.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let d = half_of(ws[group >> 1u], group);
  let low = wq[group] & vec4<u32>(0x0f0f0f0fu);
  let high = (wq[group] >> vec4<u32>(4u)) & vec4<u32>(0x0f0f0f0fu);
  let eight = vec4<f32>(8.0);
  return array<vec4<f32>, 8>(
    (bytes_u8(low.x) - eight) * d, (bytes_u8(low.y) - eight) * d,
    (bytes_u8(low.z) - eight) * d, (bytes_u8(low.w) - eight) * d,
    (bytes_u8(high.x) - eight) * d, (bytes_u8(high.y) - eight) * d,
    (bytes_u8(high.z) - eight) * d, (bytes_u8(high.w) - eight) * d);
}
