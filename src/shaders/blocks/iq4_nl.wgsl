// IQ4_NL: one word of 32 nibbles a group (low nibbles are weights 0..15, high ones 16..31), each the number of a value in a
// table; one half scale.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let d = half_of(ws[group >> 1u], group);
  let q = wq[group];
  let p = q >> vec4<u32>(4u);
  return array<vec4<f32>, 8>(
    table16(IQ4_VALUES, q.x) * d, table16(IQ4_VALUES, q.y) * d,
    table16(IQ4_VALUES, q.z) * d, table16(IQ4_VALUES, q.w) * d,
    table16(IQ4_VALUES, p.x) * d, table16(IQ4_VALUES, p.y) * d,
    table16(IQ4_VALUES, p.z) * d, table16(IQ4_VALUES, p.w) * d);
}
