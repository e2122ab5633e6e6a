// Keys and values as signed bytes, x = d q: ggml's q8_0 (quantize_row_q8_0_ref).
const QUADS_A_WORD = 1u;

// Four quants, a byte each.
fn quants_of(word: u32, quad: u32) -> vec4<f32> {
  return bytes_i8(word);
}

fn scale_of(top: f32) -> f32 {
  return abs(top) / 127.0;
}

// Halves are rounded away from zero.
fn quantised(x: vec4<f32>, inverse: f32) -> vec4<u32> {
  let scaled = x * inverse;
  let whole = trunc(scaled);
  let rounded = whole + select(vec4<f32>(), sign(scaled), abs(scaled - whole) >= vec4<f32>(0.5));
  return vec4<u32>(vec4<i32>(clamp(rounded, vec4<f32>(-127.0), vec4<f32>(127.0)))) & vec4<u32>(255u);
}
