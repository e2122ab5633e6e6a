// Q4_K as signed bytes times a scale, less a minimum, which the sum of x takes along. Both are exact in f32.
fn int8_group(group: u32) -> Int8Group {
  let at = (group >> 3u) * 9u;
  let j = group & 7u;
  let head = wq[at];
  let sm = scale_min_k(head, j);
  let shift = vec4<u32>((j & 1u) * 4u);
  let nibbles = vec4<u32>(0x0f0f0f0fu);
  let a = (wq[at + 1u + (j >> 1u) * 2u] >> shift) & nibbles;
  let b = (wq[at + 2u + (j >> 1u) * 2u] >> shift) & nibbles;
  let d = half_to_f32(head.x & 0xffffu) * sm.x;
  let m = half_to_f32(head.x >> 16u) * sm.y;
  return Int8Group(a, b, vec2<f32>(d, m));
}

fn int8_value(scale: vec2<f32>, a: i32, b: i32, sum: f32) -> f32 {
  return fma(scale.x, f32(a + b), -(scale.y * sum));
}
