// What the kernels of generated rows, which take a pair at a time, have in common.
@group(0) @binding(7) var<storage, read> ids: array<u32>; // [pair]

// A group of weights times the words of x from `at` on, added to four partial sums.
fn dot_group(group: u32, at: u32, sum: vec4<f32>) -> vec4<f32> {
  let w = dequant32(group);
  var s = sum;
  for (var i = 0u; i < params.group_words; i++) {
    s = fma(w[i], x[at + i], s);
  }
  return s;
}
