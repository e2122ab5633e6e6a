// Quants of a group of Q4_0 against x, as they stand: low and high nibbles apart. The result is to be taken times UNITS.
fn low_dot_q4_0(q: vec4<u32>, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  var p = low_nibbles(q.x) * a;
  p = fma(low_nibbles(q.y), b, p);
  p = fma(low_nibbles(q.z), c, p);
  return fma(low_nibbles(q.w), d, p);
}

fn with_high_dot_q4_0(low: vec4<f32>, q: vec4<u32>, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  var p = high_nibbles(q.x) * a;
  p = fma(high_nibbles(q.y), b, p);
  p = fma(high_nibbles(q.z), c, p);
  return fma(fma(high_nibbles(q.w), d, p), vec4<f32>(0.0625), low);
}

// What is too much, of the sums of x that meet low and high nibbles: high_nibbles takes 8 off the topmost.
fn offset_q4_0(low: vec4<f32>, high: vec4<f32>) -> vec4<f32> {
  return fma(high, vec4<f32>(8.0, 8.0, 8.0, 0.0), low * 8.0);
}
