// IQ4_XS: 8 words a block of 256, one a group, each as in IQ4_NL. In the other plane two words a block: the half scale
// with eight times the upper two bits of a group's scale, and eight times its lower four. Scales are offset by 32.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let at = (group >> 3u) * 2u;
  let j = group & 7u;
  let head = ws[at];
  let s = ((ws[at + 1u] >> (j * 4u)) & 15u) | (((head >> (16u + j * 2u)) & 3u) << 4u);
  let d = half_to_f32(head & 0xffffu) * (f32(s) - 32.0);
  return group_of_table16(IQ4_VALUES, wq[group], d);
}
