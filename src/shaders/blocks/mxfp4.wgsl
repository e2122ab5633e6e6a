// MXFP4: one word of 32 nibbles a group (low nibbles are weights 0..15, high ones 16..31), each a float of sign, two bits of
// exponent and one of mantissa; in the other plane a byte a group, the exponent of the scale.
// Twice the values, four bytes a word, lowest first: 0 1 2 3, 4 6 8 12, and the same negated.
const MXFP4_VALUES = vec4<u32>(0x03020100u, 0x0c080604u, 0xfdfeff00u, 0xf4f8fafcu);

fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let exponent = (ws[group >> 2u] >> ((group & 3u) * 8u)) & 255u;
  // Half of 2^(exponent - 127); zero for the lowest two, where it is subnormal, as many GPUs would make it anyway.
  let d = bitcast<f32>((max(exponent, 1u) - 1u) << 23u);
  return group_of_table16(MXFP4_VALUES, wq[group], d);
}
