// IEEE half bits (low 16) to f32, exactly, subnormals included: unpack2x16float may flush them, and the
// scale of a Q6_K block is often subnormal.
fn half_to_f32(bits: u32) -> f32 {
  let exponent = (bits >> 10u) & 31u;
  let mantissa = bits & 1023u;
  let normal = bitcast<f32>(((exponent + 112u) << 23u) | (mantissa << 13u));
  let magnitude = select(normal, f32(mantissa) * 5.9604644775390625e-8, exponent == 0u);
  return select(magnitude, -magnitude, (bits & 0x8000u) != 0u);
}

// Half number `index` of a plane of packed halves, given the word that holds it.
fn half_of(word: u32, index: u32) -> f32 {
  return half_to_f32((word >> ((index & 1u) * 16u)) & 0xffffu);
}
