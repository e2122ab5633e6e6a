// x = max(0, x - cut), in place, where the cut of a row is its mean plus `factor` times its standard deviation (that of a sample):
// what is left is the top of a normal distribution. 32 lanes a row.
struct SparsifyParams {
  num_elements: u32,
  row_words: u32, // from a row to the next, in fours
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: SparsifyParams;
@group(0) @binding(1) var<storage, read_write> x: array<vec4<f32>>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let from_word = wid.x * params.row_words;
  let words = params.num_elements >> 2u;
  var sum = vec4<f32>();
  for (var i = lane; i < words; i += 32u) {
    sum += x[from_word + i];
  }
  let mean = sum32(lane, sum) / f32(params.num_elements);
  workgroupBarrier(); // every lane has read the sums
  var squares = vec4<f32>();
  for (var i = lane; i < words; i += 32u) {
    let d = x[from_word + i] - vec4<f32>(mean);
    squares = fma(d, d, squares);
  }
  let cut = fma(params.factor, sqrt(sum32(lane, squares) / f32(params.num_elements - 1u)), mean);
  for (var i = lane; i < words; i += 32u) {
    x[from_word + i] = max(x[from_word + i] - vec4<f32>(cut), vec4<f32>());
  }
}
