// The rows of x as they are. The same functions as input_normed.wgsl; a compiler leaves nothing of them.
const NORMED = false;

fn x_row(m: u32) -> u32 {
  return m;
}

fn norm_word(k: u32) -> vec4<f32> {
  return vec4<f32>(1.0);
}

fn squared(v: vec4<f32>, sum: vec4<f32>) -> vec4<f32> {
  return sum;
}

fn row_scales(squares: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(1.0);
}
