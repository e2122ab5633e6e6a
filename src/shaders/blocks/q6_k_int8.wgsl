// Q6_K as signed bytes with a scale for each half of a group. Both are exact in f32.
// Four bytes of 0..63 less 32 each: no byte borrows from the next, since each has its highest bit set meanwhile.
fn less_32(word: vec4<u32>) -> vec4<u32> {
  let high = vec4<u32>(0x80808080u);
  return ((word | high) - vec4<u32>(0x20202020u)) ^ high;
}

fn int8_group(group: u32) -> Int8Group {
  let q = q6k_at(group);
  let sixes = sixes_q6k(q, group & 3u);
  return Int8Group(less_32(sixes.a), less_32(sixes.b), scales_q6k(q, group & 3u));
}

fn int8_value(scale: vec2<f32>, a: i32, b: i32, sum: f32) -> f32 {
  return fma(scale.x, f32(a), scale.y * f32(b));
}
