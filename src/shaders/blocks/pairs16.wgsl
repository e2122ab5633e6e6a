// 4 words of eight 16-bit weights a group; `pair16` gives the two of 32 bits.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let a = wq[group * 4u];
  let b = wq[group * 4u + 1u];
  let c = wq[group * 4u + 2u];
  let d = wq[group * 4u + 3u];
  return array<vec4<f32>, 8>(
    vec4<f32>(pair16(a.x), pair16(a.y)), vec4<f32>(pair16(a.z), pair16(a.w)),
    vec4<f32>(pair16(b.x), pair16(b.y)), vec4<f32>(pair16(b.z), pair16(b.w)),
    vec4<f32>(pair16(c.x), pair16(c.y)), vec4<f32>(pair16(c.z), pair16(c.w)),
    vec4<f32>(pair16(d.x), pair16(d.y)), vec4<f32>(pair16(d.z), pair16(d.w)));
}
