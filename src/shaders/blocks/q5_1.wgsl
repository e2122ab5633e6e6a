// Q5_1: one word of 32 nibbles a group (low nibbles are weights 0..15, high ones 16..31); in the other plane two words: half
// scale and half minimum, and the fifth bits.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let dm = ws[group * 2u];
  let fifth = ws[group * 2u + 1u];
  let d = half_to_f32(dm & 0xffffu);
  let m = vec4<f32>(half_to_f32(dm >> 16u));
  let q = wq[group];
  let p = q >> vec4<u32>(4u);
  return array<vec4<f32>, 8>(
    five_bits(q.x, fifth) * d + m, five_bits(q.y, fifth >> 4u) * d + m,
    five_bits(q.z, fifth >> 8u) * d + m, five_bits(q.w, fifth >> 12u) * d + m,
    five_bits(p.x, fifth >> 16u) * d + m, five_bits(p.y, fifth >> 20u) * d + m,
    five_bits(p.z, fifth >> 24u) * d + m, five_bits(p.w, fifth >> 28u) * d + m);
}
