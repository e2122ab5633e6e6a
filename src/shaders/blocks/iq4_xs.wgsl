// IQ4_XS: 8 words a block of 256, one a group, each as in IQ4_NL. In the other plane two words a block: the half scale
// with eight times the upper two bits of a group's scale, and eight times its lower four. Scales are offset by 32.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let at = (group >> 3u) * 2u;
  let j = group & 7u;
  let head = ws[at];
  let s = ((ws[at + 1u] >> (j * 4u)) & 15u) | (((head >> (16u + j * 2u)) & 3u) << 4u);
  let d = half_to_f32(head & 0xffffu) * (f32(s) - 32.0);
  let q = wq[group];
  let p = q >> vec4<u32>(4u);
  return array<vec4<f32>, 8>(
    table16(IQ4_VALUES, q.x) * d, table16(IQ4_VALUES, q.y) * d,
    table16(IQ4_VALUES, q.z) * d, table16(IQ4_VALUES, q.w) * d,
    table16(IQ4_VALUES, p.x) * d, table16(IQ4_VALUES, p.y) * d,
    table16(IQ4_VALUES, p.z) * d, table16(IQ4_VALUES, p.w) * d);
}
