// Mamba (https://arxiv.org/abs/2312.00752): delta of a channel, decay of an element; a row of `selected` is delta | B | C.
// constants: [channel][STATE] a, then [channel] skip.
@group(0) @binding(8) var<storage, read> selected: array<f32>;

fn skip_of(c: u32) -> f32 {
  return constants[params.num_channels * STATE + c];
}

fn delta_of(row: u32, c: u32) -> f32 {
  return selected[row * params.delta_stride + c];
}

fn even_decay(_delta: f32, _c: u32) -> f32 {
  return 0.0;
}

fn decay_of(_even: f32, delta: f32, c: u32, i: u32) -> vec4<f32> {
  let at = c * STATE + 4u * i;
  return exp(delta * vec4<f32>(constants[at], constants[at + 1u], constants[at + 2u], constants[at + 3u]));
}

fn b_of(row: u32, _c: u32) -> u32 {
  return row * params.delta_stride + params.num_channels;
}

fn c_offset() -> u32 {
  return STATE;
}

fn four_of(at: u32) -> vec4<f32> {
  return vec4<f32>(selected[at], selected[at + 1u], selected[at + 2u], selected[at + 3u]);
}
