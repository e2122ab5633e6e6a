// Q4_1: one word of 32 nibbles a group (low nibbles are weights 0..15, high ones 16..31); in the other plane one word: half
// scale and half minimum.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let dm = ws[group];
  let d = half_to_f32(dm & 0xffffu);
  let m = vec4<f32>(half_to_f32(dm >> 16u));
  let low = wq[group] & vec4<u32>(0x0f0f0f0fu);
  let high = (wq[group] >> vec4<u32>(4u)) & vec4<u32>(0x0f0f0f0fu);
  return array<vec4<f32>, 8>(
    bytes_u8(low.x) * d + m, bytes_u8(low.y) * d + m, bytes_u8(low.z) * d + m, bytes_u8(low.w) * d + m,
    bytes_u8(high.x) * d + m, bytes_u8(high.y) * d + m, bytes_u8(high.z) * d + m, bytes_u8(high.w) * d + m);
}
