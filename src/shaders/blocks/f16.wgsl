// F16 without the device feature: 4 words of eight weights a group.
fn pair_f16(word: u32) -> vec2<f32> {
  return vec2<f32>(half_to_f32(word & 0xffffu), half_to_f32(word >> 16u));
}

fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let a = wq[group * 4u];
  let b = wq[group * 4u + 1u];
  let c = wq[group * 4u + 2u];
  let d = wq[group * 4u + 3u];
  return array<vec4<f32>, 8>(
    vec4<f32>(pair_f16(a.x), pair_f16(a.y)), vec4<f32>(pair_f16(a.z), pair_f16(a.w)),
    vec4<f32>(pair_f16(b.x), pair_f16(b.y)), vec4<f32>(pair_f16(b.z), pair_f16(b.w)),
    vec4<f32>(pair_f16(c.x), pair_f16(c.y)), vec4<f32>(pair_f16(c.z), pair_f16(c.w)),
    vec4<f32>(pair_f16(d.x), pair_f16(d.y)), vec4<f32>(pair_f16(d.z), pair_f16(d.w)));
}
