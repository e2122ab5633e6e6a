// Q8_0: 2 words of signed bytes a group, one half scale.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let d = half_of(ws[group >> 1u], group);
  let a = wq[group * 2u];
  let b = wq[group * 2u + 1u];
  return array<vec4<f32>, 8>(
    bytes_i8(a.x) * d, bytes_i8(a.y) * d, bytes_i8(a.z) * d, bytes_i8(a.w) * d,
    bytes_i8(b.x) * d, bytes_i8(b.y) * d, bytes_i8(b.z) * d, bytes_i8(b.w) * d);
}
