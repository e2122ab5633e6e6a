// Layer norm, 32 lanes a row: out[r] = (x[row(r)] - mean) / sqrt(variance + eps) * weight + bias. The variance is that of the
// differences, in a second pass over the row. The padding of weight and bias is zero, and so is that of the output.
struct LayerNormParams {
  num_words: u32,   // padded row length / 4
  num_elements: u32,
  head_rows: u32,   // 1: only the rows that want logits, through row_index
  eps: f32,
  has_bias: u32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: LayerNormParams;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> row_index: array<u32>;
@group(0) @binding(6) var<storage, read_write> out: array<vec4<f32>>;

// Word i of a row less its mean; zero in the padding.
fn centred(v: vec4<f32>, mean: f32, i: u32) -> vec4<f32> {
  let element = vec4<u32>(i * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
  return select(vec4<f32>(), v - vec4<f32>(mean), element < vec4<u32>(params.num_elements));
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let r = wid.x;
  let from_word = source_row(r) * params.num_words;
  var sum = vec4<f32>();
  for (var i = lane; i < params.num_words; i += 32u) {
    sum += x[from_word + i];
  }
  let mean = sum32(lane, sum) / f32(params.num_elements);
  workgroupBarrier(); // every lane has read the sums
  var squares = vec4<f32>();
  for (var i = lane; i < params.num_words; i += 32u) {
    let d = centred(x[from_word + i], mean, i);
    squares = fma(d, d, squares);
  }
  let scale = 1.0 / sqrt(sum32(lane, squares) / f32(params.num_elements) + params.eps);
  for (var i = lane; i < params.num_words; i += 32u) {
    var v = centred(x[from_word + i], mean, i) * scale * weight[i];
    if (params.has_bias == 1u) {
      v += bias[i];
    }
    out[r * params.num_words + i] = v;
  }
}
