// Q8_0: 2 words of signed bytes a group, one half scale.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let d = half_of(ws[group >> 1u], group) * UNITS.w;
  let a = wq[group * 2u];
  let b = wq[group * 2u + 1u];
  return array<vec4<f32>, 8>(
    signed_bytes_at_top(a.x) * d, signed_bytes_at_top(a.y) * d, signed_bytes_at_top(a.z) * d, signed_bytes_at_top(a.w) * d,
    signed_bytes_at_top(b.x) * d, signed_bytes_at_top(b.y) * d, signed_bytes_at_top(b.z) * d, signed_bytes_at_top(b.w) * d);
}
