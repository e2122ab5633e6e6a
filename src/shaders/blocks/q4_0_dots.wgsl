// Quants of a group of Q4_0 against x, as they stand: low and high nibbles apart.
fn low_dot_q4_0(q: vec4<u32>, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  var p = low_nibbles(q.x) * a;
  p = fma(low_nibbles(q.y), b, p);
  p = fma(low_nibbles(q.z), c, p);
  return fma(low_nibbles(q.w), d, p) * UNITS;
}

fn high_dot_q4_0(q: vec4<u32>, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  var p = high_nibbles(q.x) * a;
  p = fma(high_nibbles(q.y), b, p);
  p = fma(high_nibbles(q.z), c, p);
  return fma(high_nibbles(q.w), d, p) * (UNITS * 0.0625);
}

// What high_nibbles leaves to be taken off, and all of it.
const EIGHTS = vec4<f32>(8.0, 8.0, 8.0, 0.0);
