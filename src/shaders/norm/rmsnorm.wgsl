// Root mean square norm, 32 lanes a row: out[r] (+)= x[row(r)] / sqrt(mean(x^2) + eps) * weight.
struct NormParams {
  num_words: u32,   // padded row length / 4
  num_elements: u32,
  head_rows: u32,   // 1: only the rows that want logits, through row_index
  eps: f32,
  add_to_out: u32,  // 1: add to what is there (residual)
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: NormParams;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> row_index: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let r = wid.x;
  let from_word = source_row(r) * params.num_words;
  let scale = rms_scale(lane, from_word, params.num_words);
  for (var i = lane; i < params.num_words; i += 32u) {
    var v = x[from_word + i] * scale * weight[i];
    if (params.add_to_out == 1u) {
      v += out[r * params.num_words + i];
    }
    out[r * params.num_words + i] = v;
  }
}
