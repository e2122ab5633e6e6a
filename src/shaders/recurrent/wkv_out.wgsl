// What the recurrence read, in place, 32 lanes a head: a layer norm of the head, the value as far as receptance and key agree by
// the weight r_k, and the gate.
struct WkvOutParams {
  num_words: u32,   // of the channels, in fours, as all words here
  head_words: u32,
  row_stride: u32,
  x_stride: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: WkvOutParams;
@group(0) @binding(1) var<storage, read> constants: array<vec4<f32>>; // [3][channel]: the norm's weight and bias, r_k
@group(0) @binding(2) var<storage, read> rows: array<vec4<f32>>;      // [row][7][channel]
@group(0) @binding(3) var<storage, read_write> x: array<vec4<f32>>;   // [row][x_stride]

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let head = wid.x * params.head_words;
  let at = wid.y * params.row_stride + head;
  let x_at = wid.y * params.x_stride + head;
  let n = params.num_words;
  let num_elements = f32(params.head_words * 4u);
  var sum = vec4<f32>();
  for (var i = lane; i < params.head_words; i += 32u) {
    sum += x[x_at + i];
  }
  let mean = vec4<f32>(sum32(lane, sum) / num_elements);
  workgroupBarrier(); // every lane has read the sums
  var squares = vec4<f32>();
  for (var i = lane; i < params.head_words; i += 32u) {
    let d = x[x_at + i] - mean;
    squares = fma(d, d, squares);
  }
  let scale = 1.0 / sqrt(sum32(lane, squares) / num_elements + params.eps);
  workgroupBarrier();
  var agreed = vec4<f32>();
  for (var i = lane; i < params.head_words; i += 32u) {
    agreed = fma(rows[at + RECEPTANCE * n + i] * rows[at + KEY * n + i], constants[2u * n + head + i], agreed);
  }
  let bonus = vec4<f32>(sum32(lane, agreed));
  for (var i = lane; i < params.head_words; i += 32u) {
    let normed = fma((x[x_at + i] - mean) * scale, constants[head + i], constants[n + head + i]);
    x[x_at + i] = fma(bonus, rows[at + VALUE * n + i], normed) * rows[at + GATE * n + i];
  }
}
