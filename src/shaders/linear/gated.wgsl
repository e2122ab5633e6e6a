// Gate and up of a gated feed-forward in one kernel: out[m, n] = activation(gate) * up, with gate the product of row m with row n of the
// shard, and up that with row split_at + n.
struct GateUp {
  gate: vec4<f32>, // four partial sums of each
  up: vec4<f32>,
  squares: vec4<f32>,
}

// One word of a row of x, of the two rows of weights, and of the norm's weight.
fn take(sums: ptr<function, GateUp>, gate: vec4<f32>, up: vec4<f32>, v: vec4<f32>, norm: vec4<f32>) {
  let y = v * norm;
  (*sums).gate = fma(gate, y, (*sums).gate);
  (*sums).up = fma(up, y, (*sums).up);
  (*sums).squares = squared(v, (*sums).squares);
}

fn store_gated(m: u32, n: u32, gate_sum: f32, up_sum: f32, scale: f32) {
  let gate = finished(n, gate_sum, scale);
  let up = finished(n + params.split_at, up_sum, scale);
  out[m * params.out_stride + column(n)] = activated(gate, up);
}
