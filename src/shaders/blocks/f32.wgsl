// F32: 8 words of four weights a group.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let at = group * 8u;
  return array<vec4<f32>, 8>(
    bitcast<vec4<f32>>(wq[at]), bitcast<vec4<f32>>(wq[at + 1u]),
    bitcast<vec4<f32>>(wq[at + 2u]), bitcast<vec4<f32>>(wq[at + 3u]),
    bitcast<vec4<f32>>(wq[at + 4u]), bitcast<vec4<f32>>(wq[at + 5u]),
    bitcast<vec4<f32>>(wq[at + 6u]), bitcast<vec4<f32>>(wq[at + 7u]));
}
