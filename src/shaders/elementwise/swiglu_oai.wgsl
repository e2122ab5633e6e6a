// The gate of gpt-oss (https://arxiv.org/abs/2508.10925): gate sigmoid(1.702 gate) (up + 1), the gate at most 7 and up within 7.
const LIMIT = 7.0;
const ALPHA = 1.702;

fn activated4(gate: vec4<f32>, up: vec4<f32>) -> vec4<f32> {
  let g = min(gate, vec4<f32>(LIMIT));
  let e = exp(min(-ALPHA * g, vec4<f32>(80.0)));
  return g / (vec4<f32>(1.0) + e) * (clamp(up, vec4<f32>(-LIMIT), vec4<f32>(LIMIT)) + vec4<f32>(1.0));
}

fn activated(gate: f32, up: f32) -> f32 {
  let g = min(gate, LIMIT);
  let e = exp(min(-ALPHA * g, 80.0));
  return g / (1.0 + e) * (clamp(up, -LIMIT, LIMIT) + 1.0);
}
