// Beyond 80 it is 0 to the last bit; infinities are not promised.
fn sigmoid4(x: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(1.0) / (vec4<f32>(1.0) + exp(min(-x, vec4<f32>(80.0))));
}
