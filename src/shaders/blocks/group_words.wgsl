
// The weights of a group as an array, from what was loaded for it and its eight words.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  return weights_of(group_at(group));
}

fn weights_of(g: Group) -> array<vec4<f32>, 8> {
  return array<vec4<f32>, 8>(word0(g), word1(g), word2(g), word3(g), word4(g), word5(g), word6(g), word7(g));
}
