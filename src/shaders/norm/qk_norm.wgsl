// Root mean square norm of parts of rows of q|k|v, in place: of every head's queries and keys, or of all queries and of all
// keys of a row; parts behind the keys are values, which are as wide and have no weight. 32 lanes a part, sums as in
// rmsnorm.wgsl.
struct QkNormParams {
  num_q: u32,     // parts of queries; the parts of keys follow
  num_k: u32,
  q_words: u32,   // of a part of queries, in fours
  k_words: u32,
  row_words: u32, // of a row of q|k|v
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: QkNormParams;
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>; // of queries, then of keys
@group(0) @binding(2) var<storage, read_write> qkv: array<vec4<f32>>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let is_key = wid.x >= params.num_q;
  let first_value = params.num_q + params.num_k;
  let is_value = wid.x >= first_value;
  let words = select(params.q_words, params.k_words, is_key);
  let first = select(wid.x * params.q_words, params.num_q * params.q_words + (wid.x - params.num_q) * params.k_words, is_key);
  let at = wid.y * params.row_words + first;
  let weight_at = select(0u, params.q_words, is_key);
  var sum = vec4<f32>();
  for (var i = lane; i < words; i += 32u) {
    let v = qkv[at + i];
    sum = fma(v, v, sum);
  }
  let scale = 1.0 / sqrt(sum32(lane, sum) / f32(words * 4u) + params.eps);
  for (var i = lane; i < words; i += 32u) {
    let v = qkv[at + i] * scale;
    qkv[at + i] = select(v * weight[weight_at + i], v, is_value);
  }
}
