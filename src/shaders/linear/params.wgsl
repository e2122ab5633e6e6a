// A matrix product with one row shard of a weight: out[m, column(n)] (+)= sum_k x[m, k] w[n, k] + bias[column(n)].
struct LinearParams {
  num_groups: u32,   // K / 32
  num_out: u32,      // rows of the shard
  x_stride: u32,     // floats, a multiple of 32
  out_stride: u32,   // floats
  out_offset: u32,
  head_rows: u32,    // 0: the rows of the batch; 1: the rows that want logits
  add_to_out: u32,   // 1: add to what is there (residual)
  has_bias: u32,
  split_at: u32,     // rows of the shard from here on (those of up, behind those of gate) ...
  split_gap: u32,    // ... go that many columns further
  num_elements: u32, // of a row of x, for its norm
  eps: f32,
}

@group(0) @binding(2) var<uniform> step: Step;
@group(0) @binding(3) var<uniform> params: LinearParams;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;

// First row and number of rows of the token class in hand.
fn prompt_rows() -> vec2<u32> {
  return select(vec2<u32>(0u, step.num_prompt), vec2<u32>(0u, step.num_prompt_logits), params.head_rows == 1u);
}

fn generated_rows() -> vec2<u32> {
  return select(vec2<u32>(step.num_prompt, step.num_generated),
    vec2<u32>(step.num_prompt_logits, step.num_generated_logits), params.head_rows == 1u);
}

fn column(n: u32) -> u32 {
  return params.out_offset + n + select(0u, params.split_gap, n >= params.split_at);
}

// value * scale + bias, fused, so that no driver decides how often it is rounded.
fn finished(n: u32, value: f32, scale: f32) -> f32 {
  var b = 0.0;
  if (params.has_bias == 1u) {
    b = bias[column(n)];
  }
  return fma(value, scale, b);
}

fn store_scaled(m: u32, n: u32, value: f32, scale: f32) {
  let at = m * params.out_stride + column(n);
  var v = finished(n, value, scale);
  if (params.add_to_out == 1u) {
    v += out[at];
  }
  out[at] = v;
}

fn store(m: u32, n: u32, value: f32) {
  store_scaled(m, n, value, 1.0);
}

// A sum from its four partial sums.
fn sum4(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}
