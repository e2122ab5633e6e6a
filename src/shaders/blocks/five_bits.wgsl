// Four weights of five bits: the lowest four of each in the lower nibbles of the bytes of `word`, the fifth in the lowest
// four of `bits`.
fn five_bits(word: u32, bits: u32) -> vec4<f32> {
  let low = (vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(15u);
  let high = (vec4<u32>(bits << 4u) >> vec4<u32>(0u, 1u, 2u, 3u)) & vec4<u32>(16u);
  return vec4<f32>(low | high);
}

