// SwiGLU's gate: silu(gate) * up. exp overflows to infinity for gates below -88, and 1 / inf would still be right, but
// infinities are not promised.
fn activated4(gate: vec4<f32>, up: vec4<f32>) -> vec4<f32> {
  let e = exp(min(-gate, vec4<f32>(80.0)));
  return gate / (vec4<f32>(1.0) + e) * up;
}

fn activated(gate: f32, up: f32) -> f32 {
  let e = exp(min(-gate, 80.0));
  return gate / (1.0 + e) * up;
}
