// IQ4_NL: one word of 32 nibbles a group (low nibbles are weights 0..15, high ones 16..31), each the number of a value in a
// table; one half scale.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let d = half_of(ws[group >> 1u], group);
  return group_of_table16(IQ4_VALUES, wq[group], d);
}
