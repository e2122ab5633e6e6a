// Q8_0 as signed bytes times a scale: as it is.
fn int8_group(group: u32) -> Int8Group {
  return Int8Group(wq[group * 2u], wq[group * 2u + 1u], vec2<f32>(half_of(ws[group >> 1u], group), 0.0));
}

fn int8_value(scale: vec2<f32>, a: i32, b: i32, sum: f32) -> f32 {
  return scale.x * f32(a + b);
}
