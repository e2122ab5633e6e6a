// IEEE half bits (low 16) to f32, exactly, subnormals included: unpack2x16float may flush them, and the
// scale of a Q6_K block is often subnormal. Products instead of shifts, which SwiftShader does element by element.
fn half_to_f32(bits: u32) -> f32 {
  // The exponent's bias is 112 more. Without exponent that adds 2^-15 and halves the number, which is taken back.
  let normal = bitcast<f32>((bits & 0x7fffu) * 8192u + 0x38000000u);
  let magnitude = select(normal, (normal - 6.103515625e-5) + normal, (bits & 0x7c00u) == 0u);
  return bitcast<f32>(bitcast<u32>(magnitude) | ((bits & 0x8000u) * 65536u));
}

// Half number `index` of a plane of packed halves, given the word that holds it.
fn half_of(word: u32, index: u32) -> f32 {
  return half_to_f32((word >> ((index & 1u) * 16u)) & 0xffffu);
}
