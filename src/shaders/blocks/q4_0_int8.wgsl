// Q4_0 as signed bytes times a scale: nibbles as they stand, their offset of 8 taken out by the sum of x.
fn int8_group(group: u32) -> Int8Group {
  let q = wq[group];
  let nibbles = vec4<u32>(0x0f0f0f0fu);
  return Int8Group(q & nibbles, (q >> vec4<u32>(4u)) & nibbles, vec2<f32>(half_of(ws[group >> 1u], group), 0.0));
}

fn int8_value(scale: vec2<f32>, a: i32, b: i32, sum: f32) -> f32 {
  return scale.x * fma(-8.0, sum, f32(a + b));
}
