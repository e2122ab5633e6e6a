// Mamba 2 (https://arxiv.org/abs/2405.21060): delta and decay of a head; B and C behind the inputs in their row, delta among what
// was projected. constants: [3][head] a, skip, and what is added to delta.
fn head_of(c: u32) -> u32 {
  return c / (params.num_channels / params.num_heads);
}

fn skip_of(c: u32) -> f32 {
  return constants[params.num_heads + head_of(c)];
}

fn delta_of(row: u32, c: u32) -> f32 {
  let head = head_of(c);
  return projected[row * params.delta_stride + params.delta_offset + head] + constants[2u * params.num_heads + head];
}

fn even_decay(delta: f32, c: u32) -> f32 {
  return exp(delta * constants[head_of(c)]);
}

fn decay_of(even: f32, _delta: f32, _c: u32, _i: u32) -> vec4<f32> {
  return vec4<f32>(even);
}

fn b_of(row: u32, c: u32) -> u32 {
  let group = head_of(c) / (params.num_heads / params.num_groups);
  return row * params.x_stride + params.num_channels + group * STATE;
}

fn c_offset() -> u32 {
  return params.num_groups * STATE;
}

fn four_of(at: u32) -> vec4<f32> {
  return vec4<f32>(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
}
