// F16 without the device feature.
fn pair16(word: u32) -> vec2<f32> {
  return vec2<f32>(half_to_f32(word & 0xffffu), half_to_f32(word >> 16u));
}

