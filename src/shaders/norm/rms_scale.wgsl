// What a row is multiplied with to have a mean square of one: 32 lanes, four partial sums a lane, then the tree of sum32.wgsl.
fn rms_scale(lane: u32, from_word: u32, num_words: u32) -> f32 {
  var sum = vec4<f32>();
  for (var i = lane; i < num_words; i += 32u) {
    let v = x[from_word + i];
    sum = fma(v, v, sum);
  }
  return 1.0 / sqrt(sum32(lane, sum) / f32(params.num_elements) + params.eps);
}
