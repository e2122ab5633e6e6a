// f32 to IEEE half bits, to nearest, ties to even, subnormals included, saturating: pack2x16float may flush and may
// round either way, and a scale must be the same on every device.
fn f32_to_half(x: f32) -> u32 {
  let magnitude = min(abs(x), 65504.0);
  let bits = bitcast<u32>(magnitude);
  let normal = ((bits + 0xfffu + ((bits >> 13u) & 1u)) >> 13u) - (112u << 10u);
  let subnormal = u32(round(magnitude * 16777216.0)); // units of 2^-24
  return select(normal, subnormal, magnitude < 6.103515625e-5) | select(0u, 0x8000u, x < 0.0);
}
