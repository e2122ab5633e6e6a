// F16 where the device has the type: 8 words of four weights a group.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let at = group * 8u;
  return array<vec4<f32>, 8>(
    vec4<f32>(wq[at]), vec4<f32>(wq[at + 1u]), vec4<f32>(wq[at + 2u]), vec4<f32>(wq[at + 3u]),
    vec4<f32>(wq[at + 4u]), vec4<f32>(wq[at + 5u]), vec4<f32>(wq[at + 6u]), vec4<f32>(wq[at + 7u]));
}
