// Keys and values as nibbles, x = d (q - 8): ggml's q4_0 (quantize_row_q4_0_ref). Quad 2 i of a slot is the low nibbles of
// a word's bytes, quad 2 i + 1 the high ones.
const QUADS_A_WORD = 2u;

fn quants_of(word: u32, quad: u32) -> vec4<f32> {
  return bytes_u8((word >> ((quad & 1u) * 4u)) & 0x0f0f0f0fu) - vec4<f32>(8.0);
}

// The largest element becomes -8: the scale has its sign turned.
fn scale_of(top: f32) -> f32 {
  return top / -8.0;
}

fn quantised(x: vec4<f32>, inverse: f32) -> vec4<u32> {
  let shifted = fma(x, vec4<f32>(inverse), vec4<f32>(8.5));
  return vec4<u32>(clamp(trunc(shifted), vec4<f32>(0.0), vec4<f32>(15.0)));
}
