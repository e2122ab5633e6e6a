// Root mean square norm, 32 lanes a row, as in rmsnorm.wgsl: out[r] = x[row(r)] / sqrt(mean(x^2) + eps) * weight, and the same
// as signed bytes; a lane takes whole groups of 32.
struct NormInt8Params {
  num_groups: u32,   // of a padded row
  num_elements: u32,
  head_rows: u32,    // 1: only the rows that want logits, through row_index
  eps: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: NormInt8Params;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> row_index: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> quants: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read_write> scales: array<vec2<f32>>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let r = wid.x;
  let num_words = params.num_groups * 8u;
  let from_word = source_row(r) * num_words;
  let scale = rms_scale(lane, from_word, num_words);
  for (var group = lane; group < params.num_groups; group += 32u) {
    var v = array<vec4<f32>, 8>();
    for (var i = 0u; i < 8u; i++) {
      let k = group * 8u + i;
      v[i] = x[from_word + k] * scale * weight[k];
      out[r * num_words + k] = v[i];
    }
    write_group(r * params.num_groups + group, v);
  }
}
