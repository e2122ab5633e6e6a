// Quants of a group of Q8_0 against x, as they stand: 128 added to all but the topmost bytes, which are signed.
fn bytes_q8_0(word: u32) -> vec4<f32> {
  return bytes(word ^ 0x00808080u);
}

fn four_q8_0(q: vec4<u32>, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  var p = bytes_q8_0(q.x) * a;
  p = fma(bytes_q8_0(q.y), b, p);
  p = fma(bytes_q8_0(q.z), c, p);
  return fma(bytes_q8_0(q.w), d, p);
}

// What is too much, of a group of x.
fn offset_q8_0(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  return (a + b) * vec4<f32>(128.0, 128.0, 128.0, 0.0);
}
