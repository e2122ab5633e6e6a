// GeGLU's gate: gelu(gate) * up, with the approximation by tanh that models were trained with (https://arxiv.org/abs/1606.08415):
// x (1 + tanh(u)) / 2 = x / (1 + exp(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3). Beyond 20 it is x or 0 to the last bit.
const TWICE_ROOT_2_BY_PI = 1.5957691216057308;

fn activated4(gate: vec4<f32>, up: vec4<f32>) -> vec4<f32> {
  let x = clamp(gate, vec4<f32>(-20.0), vec4<f32>(20.0));
  let u = TWICE_ROOT_2_BY_PI * x * fma(0.044715 * x, x, vec4<f32>(1.0));
  let e = exp(min(-u, vec4<f32>(80.0)));
  return gate / (vec4<f32>(1.0) + e) * up;
}

fn activated(gate: f32, up: f32) -> f32 {
  let x = clamp(gate, -20.0, 20.0);
  let u = TWICE_ROOT_2_BY_PI * x * fma(0.044715 * x, x, 1.0);
  let e = exp(min(-u, 80.0));
  return gate / (1.0 + e) * up;
}
