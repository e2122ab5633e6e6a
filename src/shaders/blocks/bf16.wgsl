// BF16: 4 words of eight weights a group, each the upper half of an f32.
fn pair_bf16(word: u32) -> vec2<f32> {
  return bitcast<vec2<f32>>(vec2<u32>(word << 16u, word & 0xffff0000u));
}

fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let a = wq[group * 4u];
  let b = wq[group * 4u + 1u];
  let c = wq[group * 4u + 2u];
  let d = wq[group * 4u + 3u];
  return array<vec4<f32>, 8>(
    vec4<f32>(pair_bf16(a.x), pair_bf16(a.y)), vec4<f32>(pair_bf16(a.z), pair_bf16(a.w)),
    vec4<f32>(pair_bf16(b.x), pair_bf16(b.y)), vec4<f32>(pair_bf16(b.z), pair_bf16(b.w)),
    vec4<f32>(pair_bf16(c.x), pair_bf16(c.y)), vec4<f32>(pair_bf16(c.z), pair_bf16(c.w)),
    vec4<f32>(pair_bf16(d.x), pair_bf16(d.y)), vec4<f32>(pair_bf16(d.z), pair_bf16(d.w)));
}
