// out (+)= y * (|x| / |y|) * scale: a row as long as another. 32 lanes a row.
struct MatchParams {
  num_words: u32,  // padded row length / 4
  add_to_out: u32, // 1: add to what is there
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: MatchParams;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let from_word = wid.x * params.num_words;
  var of_x = vec4<f32>();
  var of_y = vec4<f32>();
  for (var i = lane; i < params.num_words; i += 32u) {
    let a = x[from_word + i];
    let b = y[from_word + i];
    of_x = fma(a, a, of_x);
    of_y = fma(b, b, of_y);
  }
  let squares_x = sum32(lane, of_x);
  workgroupBarrier(); // every lane has read the sums
  let squares_y = sum32(lane, of_y);
  let factor = select(sqrt(squares_x / squares_y), 0.0, squares_y == 0.0) * params.scale;
  for (var i = lane; i < params.num_words; i += 32u) {
    var v = y[from_word + i] * factor;
    if (params.add_to_out == 1u) {
      v += out[from_word + i];
    }
    out[from_word + i] = v;
  }
}
